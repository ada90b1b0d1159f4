"""A still picture of the stability of a campaign, for pages that draw no interactive figures."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

from flows.report.hull_diagram import HullDiagram, hull_diagram
from flows.report.summary import CampaignSummary

SIZE = (6.4, 3.8)
"""Inches, at 80 dots each: Prefect keeps the picture in its database."""
DOTS_PER_INCH = 80
BARS = 20


def hull_image(summary: CampaignSummary) -> bytes | None:
    """PNG of the convex hull of two elements, else of the lowest energies above the hull.

    Returns:
        None where no structure has an energy above a hull.
    """
    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    diagram = hull_diagram(summary)
    if diagram is not None and len(diagram.elements) == 2:
        _draw_binary(figure, diagram)
    elif any(row.energy_above_hull is not None for row in summary.ranking):
        _draw_heights(figure, summary)
    else:
        return None
    figure.suptitle(f"{summary.system}, {summary.level}", fontsize=10)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_binary(figure: Figure, diagram: HullDiagram) -> None:
    axes = figure.add_subplot()
    points = sorted(diagram.points, key=lambda point: point.fractions[1])
    vertices = [point for point in points if point.stable]
    axes.plot(
        [point.fractions[1] for point in vertices],
        [point.formation_energy for point in vertices],
        "o-",
        color="#2f7de1",
        label="hull",
    )
    others = [point for point in points if not point.stable]
    axes.plot(
        [point.fractions[1] for point in others],
        [point.formation_energy for point in others],
        "x",
        color="#84888f",
        label="above it",
    )
    for point in vertices:
        axes.annotate(
            point.phase.formula,
            (point.fractions[1], point.formation_energy),
            xytext=(0, -12),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.set_xlabel(f"fraction of {diagram.elements[1]}")
    axes.set_ylabel("formation energy (eV/atom)")
    axes.margins(y=0.15)
    axes.legend(fontsize=8)


def _draw_heights(figure: Figure, summary: CampaignSummary) -> None:
    axes = figure.add_subplot()
    rows = [row for row in summary.ranking if row.energy_above_hull is not None][:BARS]
    names = [f"{row.rank} {row.formula}" for row in rows]
    axes.bar(names, [row.energy_above_hull or 0.0 for row in rows], color="#2f7de1")
    axes.set_ylabel("energy above hull (eV/atom)")
    axes.tick_params(axis="x", rotation=60, labelsize=8)
