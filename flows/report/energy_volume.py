"""Energy against volume of the polymorphs of each composition."""

from __future__ import annotations

from markupsafe import Markup

from dao_core.search.result import CompetingPhase
from flows.report.figure import Figure, add_phases, axis, new_plot, outside_note
from flows.report.markup import formula_markup
from flows.report.summary import CampaignSummary, RankedStructure

ENERGY_SHOWN = 600.0  # meV/atom that the first view shows


def energy_volume_figures(summary: CampaignSummary) -> list[Figure]:
    """One figure for each composition with at least two polymorphs, in order of rank.

    Args:
        summary: The campaign. Competing phases with a volume are drawn beside its structures.
    """
    by_formula: dict[str, list[RankedStructure]] = {}
    for row in summary.ranking:
        by_formula.setdefault(row.formula, []).append(row)
    return [
        _figure(f"volume-{index}", formula, rows, _competing(summary, formula))
        for index, (formula, rows) in enumerate(by_formula.items(), start=1)
        if len(rows) > 1
    ]


def _competing(summary: CampaignSummary, formula: str) -> list[CompetingPhase]:
    return [
        phase
        for phase in summary.competing
        if phase.formula == formula and phase.level == summary.level and phase.volume_per_atom
    ]


def _figure(
    name: str, formula: str, rows: list[RankedStructure], competing: list[CompetingPhase]
) -> Figure:
    phases: list[RankedStructure | CompetingPhase] = [*rows, *competing]
    lowest = min(phase.energy_per_atom for phase in phases)
    heights = [1000 * (phase.energy_per_atom - lowest) for phase in phases]
    end = min(max(heights), ENERGY_SHOWN) or 1.0
    plot = new_plot(
        xaxis=axis("volume (Å³/atom)", zeroline=False),
        yaxis=axis("E above lowest (meV/atom)", range=[-0.08 * end, 1.1 * end]),
        margin={"l": 64, "r": 16, "t": 12, "b": 48},
        showlegend=False,
    )
    volumes = [phase.volume_per_atom for phase in phases]
    add_phases(plot, zip(phases, volumes, heights, strict=True))
    return Figure(
        name,
        Markup("{}: {} polymorphs").format(formula_markup(formula), len(rows)),
        f"Energy against volume of {len(rows)} polymorphs of {formula}, with energies up to "
        f"{max(heights):.0f} meV/atom above the lowest.",
        plot,
        height=320,
        notes=outside_note(sum(height > 1.1 * end for height in heights)),
    )
