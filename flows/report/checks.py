"""What a reader must know before trusting a campaign: its own warnings, and what does not fit."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from flows.report.doubts import doubts
from flows.report.summary import CampaignSummary, RankedStructure

if TYPE_CHECKING:
    from flows.report.hull_diagram import HullDiagram

TOLERANCE = 1e-3  # eV/atom between the table and the drawn hull


def cautions(summary: CampaignSummary, diagram: HullDiagram | None) -> list[str]:
    """All warnings of a report, the campaign's own first.

    Args:
        summary: The campaign.
        diagram: Its hull as drawn, if there is one.
    """
    return [
        *summary.warnings,
        *doubts(summary),
        *_funnel_cautions(summary),
        *_level_cautions(summary),
        *_ranking_cautions(summary),
        *_hull_cautions(diagram),
    ]


def shown_flags(row: RankedStructure) -> list[str]:
    """The flags of a row, with one for a relaxation that did not converge."""
    return list(dict.fromkeys([*row.flags, *([] if row.converged else ["not_converged"])]))


def _funnel_cautions(summary: CampaignSummary) -> list[str]:
    lost = [
        f"Funnel: {row.unaccounted:+d} candidates of stage {row.stage} are unaccounted for."
        for row in summary.funnel
        if row.unaccounted
    ]
    gaps = [
        f"Funnel: {before.left} candidates left {before.stage}, but {after.entered} entered "
        f"{after.stage}."
        for before, after in pairwise(summary.funnel)
        if before.left != after.entered
    ]
    if summary.failures:
        gaps.append(f"Failed items: {len(summary.failures)}; see Failures for the reasons.")
    return lost + gaps


def _level_cautions(summary: CampaignSummary) -> list[str]:
    foreign = Counter(phase.level for phase in summary.competing if phase.level != summary.level)
    return [
        f"{count} competing phases have energies at the level {level}, not {summary.level}; "
        "levels never mix, so they are in no figure."
        for level, count in foreign.items()
    ]


def _ranking_cautions(summary: CampaignSummary) -> list[str]:
    if not summary.ranking:
        return ["No structure reached the ranking; the funnel says where the candidates went."]
    total = len(summary.ranking)
    flags = Counter(flag for row in summary.ranking for flag in shown_flags(row))
    warnings = [f"{n} of {total} ranked structures: {flag}." for flag, n in flags.most_common()]
    if any(row.energy_above_hull is None for row in summary.ranking):
        warnings.append("Some structures have no energy above the hull: the hull is incomplete.")
    return warnings


def _hull_cautions(diagram: HullDiagram | None) -> list[str]:
    wrong = [
        point.phase.rank
        for point in (diagram.points if diagram else ())
        if isinstance(point.phase, RankedStructure)
        and point.phase.energy_above_hull is not None
        and abs(max(point.phase.energy_above_hull, 0.0) - point.energy_above_hull) > TOLERANCE
    ]
    if not wrong:
        return []
    ranks = ", ".join(map(str, wrong[:8]))
    return [f"Ranks {ranks}: the energy above the hull differs from the hull that is drawn here."]
