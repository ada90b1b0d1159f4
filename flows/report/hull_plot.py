"""The stability figure of a chemical system: hull, triangle or strip, by number of elements."""

from __future__ import annotations

import plotly.graph_objects as go
from markupsafe import Markup

from flows.report.figure import (
    GUIDE_COLOUR,
    Figure,
    add_phases,
    axis,
    new_plot,
    outside_note,
)
from flows.report.hull_diagram import HullDiagram, HullPoint
from flows.report.markup import formula_markup
from flows.report.strip_plot import strip_figure
from flows.report.summary import CampaignSummary
from flows.report.ternary_plot import ternary_figure

MARGIN_ABOVE = 0.5  # eV/atom above the elements that the binary hull shows at first


def stability_figure(summary: CampaignSummary, diagram: HullDiagram | None) -> Figure | None:
    """The figure that fits the system, or None without any structure.

    Two elements give a convex hull of formation energies, three a triangle. One element, more than
    three, or a system without an energy for each element give energies above the hull by formula.

    Args:
        summary: The campaign.
        diagram: Its hull, if there is one.
    """
    if not summary.ranking:
        return None
    if diagram is not None and len(diagram.elements) == 2:
        return _binary_figure(diagram)
    if diagram is not None and len(diagram.elements) == 3:
        return ternary_figure(diagram)
    return strip_figure(summary)


def _binary_figure(diagram: HullDiagram) -> Figure:
    first, second = diagram.elements
    vertices = [point for point in diagram.points if point.stable]
    energies = [point.formation_energy for point in diagram.points]
    top = min(max(energies), MARGIN_ABOVE)
    depth = top - min(energies) or 1.0
    view = [min(energies) - 0.14 * depth, top + 0.08 * depth]
    plot = new_plot(
        xaxis=axis(f"fraction of {second}", range=[-0.04, 1.04], zeroline=False),
        yaxis=axis("formation energy (eV/atom)", range=view),
    )
    _add_hull_line(plot, sorted(vertices, key=lambda point: point.fractions[1]))
    add_phases(
        plot,
        [(point.phase, point.fractions[1], point.formation_energy) for point in diagram.points],
        "E formation (eV/atom)",
    )
    return Figure(
        "hull",
        Markup("Convex hull of {}-{}").format(first, second),
        f"Formation energy against composition from {first} to {second} for {len(energies)} "
        f"phases. On the hull: {', '.join(point.phase.formula for point in vertices)}.",
        plot,
        height=520,
        notes=outside_note(sum(energy > view[1] for energy in energies)),
    )


def _add_hull_line(plot: go.Figure, vertices: list[HullPoint]) -> None:
    """Join the stable phases, ring each and name it."""
    plot.add_scatter(
        x=[point.fractions[1] for point in vertices],
        y=[point.formation_energy for point in vertices],
        name="hull",
        mode="lines+markers+text",
        line={"color": GUIDE_COLOUR, "width": 2},
        marker={"symbol": "circle-open", "size": 18, "color": GUIDE_COLOUR, "line": {"width": 2}},
        text=[str(formula_markup(point.phase.formula)) for point in vertices],
        textposition="bottom center",
        textfont={"size": 14},
        cliponaxis=False,
        hoverinfo="skip",
    )
