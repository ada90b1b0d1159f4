"""The funnel: every candidate that leaves a campaign leaves at one stage, for one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.report.summary import FunnelRow


@dataclass
class Funnel:
    """Rows of the funnel and the fate of each candidate, filled stage by stage.

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
        self.rows.append(
            FunnelRow(stage=stage, entered=asked, left=len(proposed), rejected=rejected)
        )

    def pass_through(
        self, stage: str, entered: Sequence[str], rejected: Mapping[str, str]
    ) -> list[str]:
        """Add a stage and return the ids that left it, in the order in which they entered.

        Args:
            stage: Name of the stage.
            entered: Ids that entered.
            rejected: Reason of each rejected id; ids that did not enter are ignored.
        """
        reasons = {key: rejected[key] for key in entered if key in rejected}
        left = [key for key in entered if key not in reasons]
        self.rows.append(
            FunnelRow(
                stage=stage,
                entered=len(entered),
                left=len(left),
                rejected=dict(sorted(Counter(reasons.values()).items())),
            )
        )
        self.fates.update({key: (stage, reason) for key, reason in reasons.items()})
        return left
