"""Rounds of a campaign add up to what was asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dao_core.potentials import Domain
from dao_core.search.cells import FIRST_ATOMS, first_cells, wanted_cells
from dao_core.search.compositions import parse_target
from dao_core.search.rounds import budgets
from flows.campaign.request import CampaignRequest

SIZES = [(200, 48), (201, 47), (24, 12), (1000, 13), (2000, 500), (10_000, 999)]


@pytest.mark.parametrize(("candidates", "relax"), SIZES)
def test_rounds_add_up_to_what_was_asked_for(candidates: int, relax: int) -> None:
    rounds = budgets(CampaignRequest(targets=("Mg-O",), candidates=candidates, relax=relax))
    assert len(rounds) == 4
    assert sum(r.candidates for r in rounds) == candidates
    assert rounds[-1].relax == relax
    assert rounds[0].candidates <= min(candidates / 4, 64)
    assert rounds[0].relax <= min(relax / 4 + 1, 16)
    assert all(one.relax < other.relax for one, other in pairwise(rounds))


def test_small_campaigns_are_one_round() -> None:
    assert len(budgets(CampaignRequest(targets=("Mg-O",), candidates=20, relax=8))) == 1


def test_the_first_round_takes_small_cells_unless_sizes_are_asked_for() -> None:
    request = CampaignRequest(targets=("Mg-O",))
    cells = wanted_cells(parse_target(["Mg-O"]), request, Domain(max_atoms=20))
    first = first_cells(cells, request)
    assert {cell.formula for cell in first} == {cell.formula for cell in cells}
    assert max(c.natoms for c in first if c.formula == "MgO") <= FIRST_ATOMS
    assert len(first) < len(cells)
    asked = CampaignRequest(targets=("Mg-O",), z=(1, 4))
    large = wanted_cells(parse_target(["Mg-O"]), asked, Domain(max_atoms=20))
    assert first_cells(large, asked) == large
