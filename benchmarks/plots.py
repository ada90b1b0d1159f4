"""Plots of recorded benchmarks as SVG, equal for equal records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COSTS = {
    "found": ("relaxations", "stable phases relaxed into"),
    "confirmed": ("labels", "stable phases confirmed by a label"),
}
"""What a search came upon, and what it is counted against."""


def discovery_plot(result: Mapping[str, Any]) -> str:
    """What the searches of a simulation found against what they spent, mean over seeds.

    Args:
        result: Of ``dao simulate``: ``hits`` by search, with the cost of each hit for every seed.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(COSTS), sharey=True)
    for axes, (kind, (cost, title)) in zip(panels, COSTS.items(), strict=True):
        for name, hits in result["hits"].items():
            _steps(axes, name, hits[kind], hits[cost])
        axes.axhline(len(result["wanted"]), color="#84888f", linestyle=":", linewidth=1)
        axes.set(xlabel=cost, title=title, ylim=(0, None))
    panels[0].set_ylabel("mean over seeds")
    panels[0].legend(fontsize=8)
    picture = StringIO()
    with mpl.rc_context({"svg.hashsalt": "dao", "svg.fonttype": "none"}):
        figure.savefig(picture, format="svg", metadata={"Date": None, "Creator": None})
    return picture.getvalue()


def _steps(axes: Axes, name: str, hits: Sequence[Sequence[int]], spent: Sequence[int]) -> None:
    """The mean number of phases after each unit of cost."""
    units = np.arange(max(spent, default=0) + 1)
    found = [np.searchsorted(np.array(one), units, side="right") for one in hits]
    axes.step(units, np.mean(found, axis=0), where="post", label=name)
