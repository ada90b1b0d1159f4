"""The figure of a system's rounds: phases on the hull, and how many of them were new."""

from __future__ import annotations

from itertools import accumulate

from markupsafe import Markup

from flows.report.figure import Figure, axis, new_plot
from flows.report.history import SystemHistory


def rounds_figure(history: SystemHistory | None) -> Figure | None:
    """Phases on the hull round by round and the new ones added up; None before a second round.

    Args:
        history: Of the system, if it is known.
    """
    rounds = [one for one in history.rounds if one.finished] if history else []
    if history is None or len(rounds) < 2:
        return None
    numbers = list(range(1, len(rounds) + 1))
    plot = new_plot(
        xaxis=axis("round", dtick=1), yaxis=axis("phases", rangemode="tozero"), bargap=0.5
    )
    plot.add_bar(
        x=numbers,
        y=[one.on_hull for one in rounds],
        name="on the hull",
        marker={"color": "#2f7de1"},
        text=[one.level for one in rounds],
        hovertemplate="%{y} on the hull<br>%{text}<extra></extra>",
    )
    plot.add_scatter(
        x=numbers,
        y=list(accumulate(one.new_on_hull for one in rounds)),
        name="new on the hull, added up",
        mode="lines+markers",
        line={"color": "#d9730d", "width": 2},
        hovertemplate="%{y} new so far<extra></extra>",
    )
    return Figure(
        "rounds",
        Markup("Rounds of {}").format(history.chemsys),
        f"Phases on the hull in {len(rounds)} rounds of {history.chemsys}: "
        + ", ".join(str(one.on_hull) for one in rounds),
        plot,
        height=320,
        notes=["Every round has a hull at its own level."],
    )
