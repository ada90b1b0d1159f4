"""Energy against volume: every polymorph of a composition, above the lowest of it."""

from __future__ import annotations

import pytest

from flows.report.energy_volume import energy_volume_figures
from flows.report.summary import CampaignSummary


def test_each_composition_with_polymorphs_has_a_figure_in_order_of_rank(
    binary: CampaignSummary,
) -> None:
    figures = energy_volume_figures(binary)
    titles = [str(figure.title) for figure in figures]
    assert titles == ["MgO: 5 polymorphs", "MgO<sub>2</sub>: 2 polymorphs", "Mg: 3 polymorphs"]
    assert len({figure.name for figure in figures}) == 3


def test_heights_are_above_the_lowest_and_volumes_those_of_the_table(
    binary: CampaignSummary,
) -> None:
    oxide = energy_volume_figures(binary)[0]
    rows = {row.rank: row for row in binary.ranking}
    drawn = 0
    for trace in oxide.plot.data:
        for rank, x, y in zip(trace.customdata, trace.x, trace.y, strict=True):
            if rank is None:
                assert (x, y) == (pytest.approx(9.33), pytest.approx(0))
                continue
            drawn += 1
            assert x == rows[rank].volume_per_atom
            assert y == pytest.approx(1000 * (rows[rank].energy_per_atom + 5.95))
    assert drawn == 5
    assert oxide.notes == ["Marks above this view: 1; a double-click in the figure shows all."]


def test_single_structures_and_empty_rankings_have_none(empty: CampaignSummary) -> None:
    assert energy_volume_figures(empty) == []
