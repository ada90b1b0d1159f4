"""Energies above the hull (or above the best of the same composition) as a strip by formula."""

from __future__ import annotations

from markupsafe import Markup

from flows.report.figure import Figure, add_phases, axis, new_plot, outside_note
from flows.report.markup import formula_markup, space_group_markup
from flows.report.summary import CampaignSummary, RankedStructure

LINES_SHOWN = 30
ENERGY_SHOWN = 1.0  # eV/atom that the first view shows


def strip_figure(summary: CampaignSummary) -> Figure:
    """One line for each formula, or for each structure when there is one formula only.

    Args:
        summary: A campaign with at least one ranked structure.
    """
    single = len({row.formula for row in summary.ranking}) == 1
    on_hull = all(row.energy_above_hull is not None for row in summary.ranking)
    energies = _energies(summary.ranking, on_hull=on_hull)
    lines: dict[str, list[tuple[RankedStructure, float]]] = {}
    for row, energy in sorted(energies, key=lambda pair: pair[1]):
        lines.setdefault(_line(row, single=single), []).append((row, energy))
    shown = dict(list(lines.items())[:LINES_SHOWN])
    points = [(row, energy, line) for line, pairs in shown.items() for row, energy in pairs]
    return _figure(points, list(shown), left_out=len(lines) - len(shown), on_hull=on_hull)


def _figure(
    points: list[tuple[RankedStructure, float, str]],
    lines: list[str],
    *,
    left_out: int,
    on_hull: bool,
) -> Figure:
    highest = max(energy for _, energy, _ in points)
    end = min(highest, ENERGY_SHOWN) or 0.1
    zero = "the hull" if on_hull else "the best structure of the same formula"
    view = [-0.04 * end + min(0.0, *(energy for _, energy, _ in points)), 1.06 * end]
    plot = new_plot(
        xaxis=axis(f"energy above {zero} (eV/atom)", range=view, zeroline=True),
        yaxis=axis("", type="category", categoryarray=lines[::-1], range=[-0.7, len(lines) - 0.3]),
    )
    add_phases(plot, points)
    notes = outside_note(sum(energy > view[1] for _, energy, _ in points))
    if left_out:
        notes.append(f"{left_out} further lines, higher in energy, are left out; see the table.")
    if not on_hull:
        notes.append("No hull could be built: not every element has an energy at this level.")
    return Figure(
        "hull",
        Markup("Energy above {}").format(zero),
        f"Energies of {len(points)} structures above {zero}; the highest is {highest:.3f} eV/atom.",
        plot,
        height=150 + 26 * max(5, len(lines)),
        notes=notes,
    )


def _energies(
    ranking: tuple[RankedStructure, ...], *, on_hull: bool
) -> list[tuple[RankedStructure, float]]:
    """Energies above the hull, or above the best of the same formula, in eV/atom."""
    best: dict[str, float] = {}
    for row in ranking:
        best[row.formula] = min(row.energy_per_atom, best.get(row.formula, row.energy_per_atom))
    return [
        (row, row.energy_above_hull)
        if on_hull and row.energy_above_hull is not None
        else (row, row.energy_per_atom - best[row.formula])
        for row in ranking
    ]


def _line(row: RankedStructure, *, single: bool) -> str:
    if single:
        return f"{space_group_markup(row.space_group)} · rank {row.rank}"
    return str(formula_markup(row.formula))
