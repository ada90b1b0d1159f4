"""Pictures of an electronic interpretation: states, a slice of the ELF, the maxima among atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs
from pymatgen.core import Structure

from flows.report.figure import GUIDE_COLOUR, Figure, axis, new_plot
from flows.report.markup import formula_markup
from flows.report.summary import Interpretation

SHOWN = (-15.0, 10.0)
"""eV around the highest occupied level that the first view shows."""
MARKS = {
    "core": ("#84888f", "circle-open"),
    "bond": ("#d9730d", "diamond"),
    "lone pair": ("#0f9d7a", "square"),
    "interstitial": ("#d6336c", "x"),
}
ATOM_COLOURS = ("#2f7de1", "#e0a100", "#a855d6", "#3aa655", "#c2410c", "#0e7490")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><script>{plotly}</script></head>
<body style="font-family:system-ui,sans-serif;max-width:1000px;margin:auto">
<h1>{title}</h1><p>Level {level}. {reason}</p>{figures}</body></html>
"""


def electrons_page(result: Mapping[str, Any], level: str) -> str:
    """One HTML page with all pictures of an interpretation, whole without a network."""
    figures = [draw(result) for draw, _ in _pictures(result).values()]
    return PAGE.format(
        title=escape(f"Electrons of {result['formula']}"),
        level=escape(level),
        reason=escape(_verdict(result)),
        plotly=get_plotlyjs(),
        figures="".join(f.to_html(full_html=False, include_plotlyjs=False) for f in figures),
    )


def _verdict(result: Mapping[str, Any]) -> str:
    verdict = result["electride"]
    if verdict is None:
        return "Whether it is an electride is not known."
    answer = "An electride: " if verdict["electride"] else "Not an electride: "
    return f"{answer}{verdict['reason']}."


def _pictures(
    result: Mapping[str, Any],
) -> dict[str, tuple[Callable[[Mapping[str, Any]], go.Figure], str]]:
    """What can be drawn of a result: by name, how and under which title."""
    states: dict[str, tuple[Callable[[Mapping[str, Any]], go.Figure], str]] = {
        "states": (states_figure, "Density of states"),
    }
    if result["slice"] is None:
        return states
    return {
        **states,
        "elf": (elf_figure, "Electron localisation"),
        "maxima": (maxima_figure, "Maxima of the ELF"),
    }


def electron_figures(found: Interpretation, formula: str) -> list[Figure]:
    """The pictures of one electronic interpretation in a report.

    Args:
        found: The interpretation.
        formula: Of the structure.
    """
    return [
        Figure(
            name=f"electrons-{found.rank}-{name}-{found.interpretation_id[-6:]}",
            title=Markup("{} of {} (rank {})").format(title, formula_markup(formula), found.rank),
            alt=f"{title} of {formula}: {found.finding}",
            plot=draw(found.result).update_layout(title=None, height=None),
            level=found.level,
        )
        for name, (draw, title) in _pictures(found.result).items()
    ]


def states_figure(result: Mapping[str, Any]) -> go.Figure:
    """Density of states, total and by element and shell; the second spin points down."""
    states = result["states"]
    plot = new_plot(
        xaxis=axis("E above highest occupied (eV)", range=list(SHOWN)),
        yaxis=axis("states/eV per cell"),
        title={"text": "Density of states"},
    )
    curves = {"total": states["total"], **states["projected"]}
    for name, spins in curves.items():
        for spin, (row, sign) in enumerate(zip(spins, (1, -1), strict=False)):
            plot.add_scatter(
                x=states["energies"],
                y=sign * np.asarray(row),
                name=name,
                legendgroup=name,
                showlegend=spin == 0,
                mode="lines",
                line={"color": GUIDE_COLOUR} if name == "total" else None,
                fill="tozeroy" if name == "total" else None,
            )
    plot.add_vline(x=0.0, line={"dash": "dot", "color": GUIDE_COLOUR})
    return plot


def elf_figure(result: Mapping[str, Any]) -> go.Figure:
    """The localisation function on a plane through its chief valence maximum."""
    plane = result["slice"]
    half, points = plane["side"] / 2, len(plane["values"])
    along = np.linspace(-half, half, points)
    plot = new_plot(
        xaxis=axis("Å", constrain="domain", range=[-half, half]),
        yaxis=axis("Å", scaleanchor="x", range=[-half, half]),
        title={"text": "ELF through its chief valence maximum"},
        height=560,
    )
    plot.add_contour(
        x=along,
        y=along,
        z=plane["values"],
        zmin=0.0,
        zmax=1.0,
        contours={"start": 0.0, "end": 1.0, "size": 0.1},
        colorscale="Viridis",
        colorbar={"title": {"text": "ELF"}},
    )
    if plane["atoms"]:
        symbols, x, y = zip(*plane["atoms"], strict=True)
        plot.add_scatter(
            x=x,
            y=y,
            text=symbols,
            mode="markers+text",
            textposition="top center",
            textfont={"color": "#ffffff"},
            marker={"color": "#ffffff", "size": 8, "line": {"color": "#000000", "width": 1}},
            showlegend=False,
        )
    return plot


def maxima_figure(result: Mapping[str, Any]) -> go.Figure:
    """Atoms and the maxima of the localisation function in the cell, by what they are."""
    structure = Structure.from_dict(result["structure"])
    plot = new_plot(
        scene={"aspectmode": "data", **{f"{name}axis": {"title": f"{name} (Å)"} for name in "xyz"}},
        title={"text": "Maxima of the ELF among the atoms"},
        height=560,
    )
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 1],
                        [1, 0, 0], [1, 0, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1], [0, 1, 1],
                        [0, 1, 0], [0, 1, 1], [0, 0, 1]])  # fmt: skip
    _add_points(plot, structure.lattice.get_cartesian_coords(corners), "cell", mode="lines",
                line={"color": GUIDE_COLOUR}, hoverinfo="skip")  # fmt: skip
    for index, element in enumerate(structure.elements):
        where = np.array([site.coords for site in structure if site.specie == element])
        colour = ATOM_COLOURS[index % len(ATOM_COLOURS)]
        _add_points(plot, where, element.symbol, marker={"color": colour, "size": 12})
    for kind, (colour, symbol) in MARKS.items():
        found = [m for m in result["attractors"] if m["kind"] == kind]
        if found:
            where = structure.lattice.get_cartesian_coords([m["frac_coords"] for m in found])
            text = [f"{kind}, ELF {m['elf']:.2f}" for m in found]
            marker = {"color": colour, "symbol": symbol, "size": 6}
            _add_points(plot, where, kind, marker=marker, text=text)
    return plot


def _add_points(plot: go.Figure, where: Any, name: str, **style: Any) -> None:
    x, y, z = np.asarray(where).T
    plot.add_scatter3d(x=x, y=y, z=z, name=name, **{"mode": "markers", **style})
