"""What the figures of a report share: marks by origin, axes, labels, and a text in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup, escape

from dao_core.search.result import CompetingPhase
from flows.report.markup import formula_markup, space_group_markup
from flows.report.summary import RankedStructure

# Colours with a contrast of three to one on white and on near-black, told apart by symbol too.
MARKS: dict[str, tuple[str, str]] = {
    "competing phase": ("#7b8794", "diamond-open"),
    "dao-g": ("#2f7de1", "circle"),
    "template": ("#d9730d", "square"),
    "random": ("#84888f", "triangle-up"),
    "perturbation": ("#d6336c", "triangle-down"),
    "soft-mode": ("#3a9a55", "hourglass"),
    "user": ("#a855d6", "star"),
    "other": ("#0f9d7a", "pentagon"),
}
GUIDE_COLOUR = "#7b8794"

PlottedPhase = tuple[RankedStructure | CompetingPhase, Any, Any]


@dataclass(frozen=True)
class Figure:
    """One interactive figure of the report.

    Attributes:
        name: Its id in the page.
        title: Heading, as HTML.
        alt: What it shows, in words.
        plot: The plotly figure.
        height: In CSS pixels.
        notes: What the reader must know about what is and is not drawn.
        level: Of the energies in it; None for that of the campaign.
    """

    name: str
    title: Markup
    alt: str
    plot: go.Figure
    height: int = 440
    notes: list[str] = field(default_factory=list)
    level: str | None = None


def new_plot(**layout: Any) -> go.Figure:
    """An empty plot with transparent ground; its inks are set by the style sheet of the page."""
    return go.Figure(
        layout={
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "size": 13},
            "margin": {"l": 72, "r": 24, "t": 48, "b": 56},
            "hoverlabel": {"bgcolor": "#1b2430", "font": {"color": "#f2f5f8"}, "align": "left"},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "hovermode": "closest",
            **layout,
        }
    )


def axis(title: str, **changes: Any) -> dict[str, Any]:
    """The settings of a Cartesian axis."""
    return {
        "title": {"text": title},
        "gridcolor": "#d9dee5",
        "zerolinecolor": "#9aa5b1",
        "ticks": "outside",
        "automargin": True,
        **changes,
    }


def origin_kind(origin: str) -> str:
    """The kind of an origin: ``template:rocksalt`` is a ``template``."""
    kind = origin.partition(":")[0]
    return kind if kind in MARKS else "other"


def add_phases(plot: go.Figure, points: Iterable[PlottedPhase], y_label: str = "") -> None:
    """Add phases as marks, one trace for each kind of origin; a click leads to a ranked one's row.

    Args:
        plot: The plot to add to.
        points: A phase and its x and y.
        y_label: Name and unit of y, if the text that appears on hovering is to hold it.
    """
    by_kind: dict[str, list[PlottedPhase]] = {}
    for point in points:
        by_kind.setdefault(_mark(point[0]), []).append(point)
    for kind in (kind for kind in MARKS if kind in by_kind):
        colour, symbol = MARKS[kind]
        phases, x, y = zip(*by_kind[kind], strict=True)
        values = [f"<br>{y_label} {value:+.3f}" if y_label else "" for value in y]
        plot.add_scatter(
            x=x,
            y=y,
            name=kind,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 1}},
            customdata=[
                phase.rank if isinstance(phase, RankedStructure) else None for phase in phases
            ],
            text=[phase_label(phase) + value for phase, value in zip(phases, values, strict=True)],
            hovertemplate="%{text}<extra></extra>",
        )


def phase_label(phase: RankedStructure | CompetingPhase) -> str:
    """What appears when the pointer rests on a phase."""
    head = f"<b>{formula_markup(phase.formula)}</b>"
    energy = f"<br>E {phase.energy_per_atom:.4f} eV/atom"
    if isinstance(phase, CompetingPhase):
        return f"{head}  {escape(phase.name[:60])}<br>from {escape(phase.source[:60])}{energy}"
    above = phase.energy_above_hull
    return (
        f"{head}  {space_group_markup(phase.space_group)}"
        f"<br>rank {phase.rank} · {escape(phase.origin[:60])}{energy}"
        + ("" if above is None else f"<br>E above hull {1000 * above:.0f} meV/atom")
        + f"<br>V {phase.volume_per_atom:.2f} Å³/atom"
        + "".join(f"<br>⚠ {escape(flag[:60])}" for flag in phase.flags)
    )


def outside_note(count: int) -> list[str]:
    """What to say of marks that lie above the first view of a figure, if there are any."""
    if count == 0:
        return []
    return [f"Marks above this view: {count}; a double-click in the figure shows all."]


def _mark(phase: RankedStructure | CompetingPhase) -> str:
    return origin_kind(phase.origin) if isinstance(phase, RankedStructure) else "competing phase"
