"""The phase triangle of three elements: tie lines, stable phases, distance of the others."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from flows.report.figure import GUIDE_COLOUR, Figure, new_plot, phase_label
from flows.report.hull_diagram import HullDiagram, HullPoint
from flows.report.markup import formula_markup
from flows.report.summary import RankedStructure

# Blue to orange to red: told apart by lightness too, for readers who do not see red and green.
ABOVE_HULL_COLOURS = ((0.0, "#2f7de1"), (0.5, "#f0a020"), (1.0, "#b3261e"))
ABOVE_HULL_SHOWN = 0.2  # eV/atom, where the colour scale ends
CORNER_AXIS = {
    "title": {"text": ""},  # the element at the corner is itself a labelled point
    "ticks": "",
    "showticklabels": False,
    "gridcolor": "#d9dee5",
    "linewidth": 0,  # tie lines run along the edges, below the marks
}


def ternary_figure(diagram: HullDiagram) -> Figure:
    """The triangle of a system of three elements.

    Args:
        diagram: The hull of the system.
    """
    lowest = _lowest_by_composition(diagram)
    stable = [point for point in lowest if point.stable]
    axes = {f"{name}axis": CORNER_AXIS for name in "abc"}
    plot = new_plot(ternary={"sum": 1, "bgcolor": "rgba(0,0,0,0)", **axes})
    _add_tie_lines(plot, diagram)
    _add_unstable(plot, [point for point in lowest if not point.stable])
    _add_stable(plot, stable)
    symbols = "-".join(diagram.elements)
    return Figure(
        "hull",
        Markup("Phase triangle of {}").format(symbols),
        f"{len(lowest)} compositions in the triangle {symbols}. "
        f"On the hull: {', '.join(point.phase.formula for point in stable)}.",
        plot,
        height=620,
        notes=[
            "One mark for each composition: its structure of lowest energy.",
            f"The colour scale ends at {ABOVE_HULL_SHOWN} eV/atom.",
        ],
    )


def _lowest_by_composition(diagram: HullDiagram) -> list[HullPoint]:
    lowest: dict[str, HullPoint] = {}
    for point in sorted(
        diagram.points, key=lambda point: (not point.stable, point.phase.energy_per_atom)
    ):
        lowest.setdefault(point.phase.formula, point)
    return list(lowest.values())


def _coordinates(points: list[HullPoint]) -> dict[str, list[float | None]]:
    """The fractions of the three elements, as plotly names them."""
    return {name: [point.fractions[k] for point in points] for k, name in enumerate("abc")}


def _add_tie_lines(plot: go.Figure, diagram: HullDiagram) -> None:
    lines: dict[str, list[float | None]] = {"a": [], "b": [], "c": []}
    for ends in diagram.tie_lines:
        for name, values in _coordinates(list(ends)).items():
            lines[name] += [*values, None]  # None lifts the pen between two lines
    plot.add_scatterternary(
        **lines,
        name="tie line",
        mode="lines",
        line={"color": GUIDE_COLOUR, "width": 1.5},
        hoverinfo="skip",
    )


def _add_unstable(plot: go.Figure, points: list[HullPoint]) -> None:
    plot.add_scatterternary(
        **_coordinates(points),
        **_labels(points),
        name="above the hull",
        cliponaxis=False,
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 12,
            "color": [point.energy_above_hull for point in points],
            "colorscale": ABOVE_HULL_COLOURS,
            "cmin": 0,
            "cmax": ABOVE_HULL_SHOWN,
            "colorbar": {
                "title": {"text": "E above hull<br>(eV/atom)"},
                "thickness": 14,
                "len": 0.6,
            },
            "line": {"width": 1, "color": GUIDE_COLOUR},
        },
    )


def _add_stable(plot: go.Figure, points: list[HullPoint]) -> None:
    plot.add_scatterternary(
        **_coordinates(points),
        **_labels(points),
        text=[f"<b>{formula_markup(point.phase.formula)}</b>" for point in points],
        name="on the hull",
        mode="markers+text",
        marker={"symbol": "circle", "size": 14, "color": ABOVE_HULL_COLOURS[0][1]},
        textposition="top center",
        textfont={"size": 14},
        cliponaxis=False,
    )


def _labels(points: list[HullPoint]) -> dict[str, Any]:
    """Hover texts, and the rank to which a click leads."""
    phases = [point.phase for point in points]
    return {
        "hovertext": [phase_label(phase) for phase in phases],
        "customdata": [p.rank if isinstance(p, RankedStructure) else None for p in phases],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
