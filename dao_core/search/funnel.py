"""The funnel: every candidate that leaves a campaign leaves at one stage, for one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dao_core.search.result import FunnelRow


@dataclass
class Funnel:
    """Rows of the funnel and the fate of each candidate, filled round by round, stage by stage.

    Attributes:
        rows: One row per stage, in order.
        fates: Stage and reason of every candidate that left, by candidate id.
    """

    rows: list[FunnelRow] = field(default_factory=list)
    fates: dict[str, tuple[str, str]] = field(default_factory=dict)

    def begin(self, stage: str, asked: int, proposed: Sequence[str], shortfall: str) -> None:
        """Open the funnel: ``asked`` places, of which those in ``proposed`` were filled.

        Args:
            stage: Name of the stage.
            asked: Number of candidates that were asked for.
            proposed: Ids of those that came.
            shortfall: Reason why places stayed empty.
        """
        missing = asked - len(proposed)
        rejected = {shortfall: missing} if missing else {}
        self._add(stage, asked, len(proposed), rejected)

    def pass_through(
        self, stage: str, entered: Sequence[str], rejected: Mapping[str, str]
    ) -> list[str]:
        """Add to a stage; return the ids that left it, in the order in which they entered.

        Args:
            stage: Name of the stage.
            entered: Ids that entered.
            rejected: Reason of each rejected id; ids that did not enter are ignored.
        """
        reasons = {key: rejected[key] for key in entered if key in rejected}
        left = [key for key in entered if key not in reasons]
        self._add(stage, len(entered), len(left), Counter(reasons.values()))
        self.fates.update({key: (stage, reason) for key, reason in reasons.items()})
        return left

    def restate(self, stage: str, entered: Sequence[str], rejected: Mapping[str, str]) -> list[str]:
        """A stage that later rounds decide anew: like ``pass_through``, for all rounds at once."""
        self.rows = [
            FunnelRow(stage=stage, entered=0, left=0) if row.stage == stage else row
            for row in self.rows
        ]
        self.fates = {key: fate for key, fate in self.fates.items() if fate[0] != stage}
        return self.pass_through(stage, entered, rejected)

    def _add(self, stage: str, entered: int, left: int, rejected: Mapping[str, int]) -> None:
        """Add to the row of a stage, which is made when it is first reached."""
        places = [place for place, row in enumerate(self.rows) if row.stage == stage]
        if not places:
            self.rows.append(FunnelRow(stage=stage, entered=0, left=0))
        place = places[0] if places else len(self.rows) - 1
        row = self.rows[place]
        reasons = Counter(row.rejected) + Counter(rejected)
        self.rows[place] = FunnelRow(
            stage=stage,
            entered=row.entered + entered,
            left=row.left + left,
            rejected=dict(sorted(reasons.items())),
        )
