"""The answer of a campaign: what was asked for, composition by composition, and all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Composition

from dao_core.crystal.structure_type import common_name
from dao_core.errors import InputError
from dao_core.search.target import Target, parse_target
from flows.report.doubts import doubts, height_doubt
from flows.report.summary import CampaignSummary, RankedStructure

NEAR = 0.1
"""eV/atom above the hull up to which a composition of a system is shown with its structures."""
NEW_TYPE = "new type"
"""Of a structure that no prototype of the AFLOW library has."""


@dataclass(frozen=True)
class AnsweredStructure:
    """One structure of the answer.

    Attributes:
        row: Of the ranking.
        doubt: Standard deviation of its height above the hull, or of its gap to the ground state of
            its composition, eV/atom; None where neither is known.
    """

    row: RankedStructure
    doubt: float | None


@dataclass(frozen=True)
class AnsweredComposition:
    """A composition with its ground state first.

    Attributes:
        formula: Reduced formula.
        structures: The ground state, its polymorphs within the doubt, and for a formula that was
            asked for all others too.
        higher: How many further structures were ranked.
    """

    formula: str
    structures: tuple[AnsweredStructure, ...]
    higher: int

    @property
    def ground_state(self) -> RankedStructure:
        """The lowest."""
        return self.structures[0].row


@dataclass(frozen=True)
class Answer:
    """What was found of what was asked for.

    Attributes:
        asked: Compositions that were asked for: the formulas in their order, or those of the whole
            system near the hull, the lowest first.
        others: All others, elements first; of each the ground state alone.
    """

    asked: tuple[AnsweredComposition, ...]
    others: tuple[AnsweredComposition, ...]


def answer_of(summary: CampaignSummary) -> Answer:
    """Sort the ranking of a campaign by what was asked for.

    Args:
        summary: The campaign.
    """
    groups: dict[str, list[RankedStructure]] = {}
    for row in summary.ranking:
        groups.setdefault(row.formula, []).append(row)
    target = _target(summary)
    formulas = _asked(groups, target)
    every = target is not None and not target.is_system
    others = sorted(
        (formula for formula in groups if formula not in formulas),
        key=lambda formula: (_size(formula), *_place(groups[formula])),
    )
    return Answer(
        tuple(_composition(groups[one], summary.level, every=every) for one in formulas),
        tuple(_composition(groups[one], summary.level, tied=False) for one in others),
    )


def told_doubts(summary: CampaignSummary) -> list[str]:
    """Cautions about what was asked for; those about all else are counted.

    Args:
        summary: The campaign.
    """
    answer = answer_of(summary)
    asked = [group.formula for group in answer.asked]
    others = [group.formula for group in answer.others]
    rest = doubts(summary, others) if others else []
    more = f"{', '.join(others)}: {len(rest)} cautions about their order, see the report"
    return [*(doubts(summary, asked) if asked else []), *([more] if rest else [])]


def type_name(row: RankedStructure) -> str:
    """What a structure is called: rocksalt, wurtzite; else that its type is new."""
    return common_name(row.structure_type) if row.structure_type else NEW_TYPE


def _target(summary: CampaignSummary) -> Target | None:
    """What was asked for; None where a summary from elsewhere does not say it in our words."""
    try:
        return parse_target(summary.system.split(", "))
    except InputError:
        return None


def _asked(groups: dict[str, list[RankedStructure]], target: Target | None) -> list[str]:
    """The compositions to be shown in full, in their order."""
    if target is None:
        return list(groups)
    if not target.is_system:
        return [one.reduced for one in target.formulas if one.reduced in groups]
    whole = [one for one in groups if _size(one) == len(target.elements)]
    whole = sorted(whole or groups, key=lambda formula: _place(groups[formula]))
    near = [one for one in whole if (groups[one][0].energy_above_hull or 0.0) <= NEAR]
    return near or whole[:1]


def _composition(
    rows: Sequence[RankedStructure], level: str, *, tied: bool = True, every: bool = False
) -> AnsweredComposition:
    first = rows[0]
    shown = [row for row in rows if row is first or every or (tied and row.tied_with == first.rank)]
    structures = [AnsweredStructure(row, height_doubt(row, first, level)) for row in shown]
    return AnsweredComposition(first.formula, tuple(structures), len(rows) - len(shown))


def _size(formula: str) -> int:
    """Number of elements."""
    return len(Composition(formula).elements)


def _place(rows: Sequence[RankedStructure]) -> tuple[float, int]:
    """Where the ground state lies; without a hull, in the order of the ranking."""
    return rows[0].energy_above_hull or 0.0, rows[0].rank
