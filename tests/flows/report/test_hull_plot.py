"""Stability figures: the right kind for the system, with the points where the energies put them."""

from __future__ import annotations

import pytest

from flows.report.hull_diagram import hull_diagram
from flows.report.hull_plot import stability_figure
from flows.report.summary import CampaignSummary


def trace(figure_name: str, summary: CampaignSummary):
    figure = stability_figure(summary, hull_diagram(summary))
    assert figure is not None
    return next(t for t in figure.plot.data if t.name == figure_name)


def test_binary_hull_passes_through_the_stable_phases_and_below_all_others(
    binary: CampaignSummary,
) -> None:
    hull = trace("hull", binary)
    assert list(hull.text) == ["Mg", "MgO", "MgO<sub>2</sub>", "O<sub>2</sub>"]
    assert list(hull.x) == pytest.approx([0, 1 / 2, 2 / 3, 1])
    # Formation energy of MgO from the invented energies of Mg, O2 and MgO.
    assert hull.y[1] == pytest.approx(-5.95 - (-1.50 - 4.95) / 2)
    assert hull.y[0] == pytest.approx(0)
    assert hull.y[3] == pytest.approx(0)


def test_points_of_the_diagram_agree_with_the_ranking(binary: CampaignSummary) -> None:
    diagram = hull_diagram(binary)
    assert diagram is not None
    above = {p.phase.rank: p.energy_above_hull for p in diagram.points if hasattr(p.phase, "rank")}
    for row in binary.ranking:
        assert above[row.rank] == pytest.approx(row.energy_above_hull, abs=1e-9)


def test_marks_lead_to_the_row_of_their_structure(binary: CampaignSummary) -> None:
    ranks: list[int] = []
    for kind in ("dao-g", "template", "random", "user"):
        marks = trace(kind, binary)
        ranks += list(marks.customdata)
        for rank, label in zip(marks.customdata, marks.text, strict=True):
            assert f"rank {rank} " in label
    assert sorted(ranks) == [row.rank for row in binary.ranking]


def test_triangle_has_tie_lines_between_stable_phases_only(ternary: CampaignSummary) -> None:
    diagram = hull_diagram(ternary)
    assert diagram is not None
    assert all(first.stable and second.stable for first, second in diagram.tie_lines)
    stable = trace("on the hull", ternary)
    assert {"<b>Li</b>", "<b>Fe</b>", "<b>O<sub>2</sub></b>"} <= set(stable.text)
    for fractions in zip(stable.a, stable.b, stable.c, strict=True):
        assert sum(fractions) == pytest.approx(1)
    unstable = trace("above the hull", ternary)
    assert min(unstable.marker.color) > 0


def test_one_element_and_missing_references_give_a_strip(
    element: CampaignSummary, quaternary: CampaignSummary, binary: CampaignSummary
) -> None:
    for summary in (element, quaternary):
        assert hull_diagram(summary) is None
    best = trace("dao-g", element)
    assert best.x[0] == 0
    figure = stability_figure(quaternary, None)
    assert figure is not None
    assert figure.notes == [
        "No hull could be built: not every element has an energy at this level."
    ]
    assert hull_diagram(binary.model_copy(update={"competing": ()})) is None  # no oxygen


def test_energies_of_another_level_stay_out_of_the_hull(binary: CampaignSummary) -> None:
    deep = binary.competing[1].model_copy(update={"energy_per_atom": -90.0, "level": "qe-pbe"})
    mixed = binary.model_copy(update={"competing": (*binary.competing, deep)})
    assert hull_diagram(mixed) == hull_diagram(binary)


def test_nothing_ranked_gives_no_figure(empty: CampaignSummary) -> None:
    assert stability_figure(empty, hull_diagram(empty)) is None


def test_marks_outside_the_first_view_are_counted(binary: CampaignSummary) -> None:
    figure = stability_figure(binary, hull_diagram(binary))
    assert figure is not None
    bottom, top = figure.plot.layout.yaxis.range
    heights = [y for t in figure.plot.data if t.name != "hull" for y in t.y]
    assert bottom < min(heights)
    hidden = sum(y > top for y in heights)
    assert hidden > 0
    assert figure.notes[0].startswith(f"Marks above this view: {hidden};")
