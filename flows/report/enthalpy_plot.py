"""Enthalpy against pressure of the polymorphs of one composition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from flows.report.figure import GUIDE_COLOUR, Figure, axis, new_plot
from flows.report.markup import formula_markup
from flows.report.summary import Interpretation


def enthalpy_figure(result: Mapping[str, Any], level: str) -> go.Figure:
    """Enthalpies (meV/atom) above the lowest at each pressure, transitions as vertical lines.

    Args:
        result: Polymorphs of one composition with their points, and their transitions, as
            interpretations of the kind ``pressure`` hold them.
        level: Of the enthalpies.
    """
    lowest: dict[float, float] = {}
    for point in (point for polymorph in result["polymorphs"] for point in polymorph["points"]):
        enthalpy = point["enthalpy_per_atom"]
        lowest[point["pressure"]] = min(enthalpy, lowest.get(point["pressure"], enthalpy))
    plot = new_plot(
        xaxis=axis("pressure (GPa)"),
        yaxis=axis("H above lowest (meV/atom)"),
        title={"text": f"{result['formula']}, {level}"},
    )
    for polymorph in result["polymorphs"]:
        points = polymorph["points"]
        plot.add_scatter(
            x=[point["pressure"] for point in points],
            y=[1000 * (p["enthalpy_per_atom"] - lowest[p["pressure"]]) for p in points],
            name=Path(polymorph["file"]).name,
            mode="lines+markers",
        )
    for transition in result["transitions"]:
        plot.add_vline(
            x=transition["pressure"],
            line={"dash": "dot", "color": GUIDE_COLOUR},
            annotation_text=f"{transition['pressure']:.1f} GPa",
        )
    return plot


def enthalpy_figures(found: Iterable[Interpretation]) -> list[Figure]:
    """The figures of a report, one for each set of polymorphs that were compressed together.

    Args:
        found: Interpretations of ranked structures; those of other kinds are passed over.
    """
    sets = {
        (one.level, tuple(polymorph["file"] for polymorph in one.result["polymorphs"])): one
        for one in found
        if one.kind == "pressure"
    }
    return [
        Figure(
            name=f"pressure-{one.interpretation_id[-8:]}",
            title=Markup("{} under pressure").format(formula_markup(one.result["formula"])),
            alt=f"Enthalpies of {one.result['formula']} against pressure: {one.finding}",
            plot=enthalpy_figure(one.result, one.level).update_layout(title=None, height=None),
            level=one.level,
        )
        for one in sets.values()
    ]
