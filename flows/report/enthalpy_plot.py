"""Enthalpy against pressure of the polymorphs of one composition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from dao_core.pressure import CompressionCurve, PhaseSequence
from flows.report.figure import GUIDE_COLOUR, axis, new_plot


def enthalpy_figure(
    curves: Sequence[CompressionCurve], sequence: PhaseSequence | None
) -> go.Figure:
    """Enthalpies (meV/atom) above the lowest at each pressure, transitions as vertical lines.

    Args:
        curves: Polymorphs of one composition at one level, one of them with points.
        sequence: Their order of stability, if there is one.
    """
    lowest: dict[float, float] = {}
    for point in (point for curve in curves for point in curve.points):
        enthalpy = point.enthalpy_per_atom
        lowest[point.pressure] = min(enthalpy, lowest.get(point.pressure, enthalpy))
    plot = new_plot(
        xaxis=axis("pressure (GPa)"),
        yaxis=axis("H above lowest (meV/atom)"),
        title={"text": f"{curves[0].formula}, {curves[0].level}"},
    )
    for curve in curves:
        plot.add_scatter(
            x=[point.pressure for point in curve.points],
            y=[1000 * (p.enthalpy_per_atom - lowest[p.pressure]) for p in curve.points],
            name=Path(curve.name).name,
            mode="lines+markers",
        )
    for transition in sequence.transitions if sequence else ():
        plot.add_vline(
            x=transition.pressure,
            line={"dash": "dot", "color": GUIDE_COLOUR},
            annotation_text=f"{transition.pressure:.1f} GPa",
        )
    return plot
