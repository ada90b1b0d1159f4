"""Candidates are shared out whole, small cells first, with keys that follow from content."""

from __future__ import annotations

import pytest

from dao_core.search.compositions import CompositionCell, enumerate_compositions, parse_target
from dao_core.search.share import share_out

SOURCES = {"dao-g": "1a2b3c4d", "template": ""}


@pytest.fixture
def cells() -> list[CompositionCell]:
    return enumerate_compositions(parse_target(["MgO", "SiO2"]), (1, 2))


def test_shares_add_up_and_small_cells_come_first(cells: list[CompositionCell]) -> None:
    shares = share_out(cells, SOURCES, 10, seed=0)
    assert sum(share.n for share in shares) == 10
    most = max(share.n for share in shares)
    assert {share.formula for share in shares if share.n == most} == {"MgO"}


def test_few_candidates_leave_the_large_cells_out(cells: list[CompositionCell]) -> None:
    shares = share_out(cells, SOURCES, 2, seed=0)
    assert [(share.formula, share.z, share.n) for share in shares] == [("MgO", 1, 1)] * 2
    assert share_out(cells, SOURCES, 0, seed=0) == []
    assert share_out([], SOURCES, 5, seed=0) == []


def test_key_changes_with_model_and_seed_only_where_they_matter(
    cells: list[CompositionCell],
) -> None:
    keys = {share.source: share.key for share in share_out(cells[:1], SOURCES, 2, seed=0)}
    other_model = share_out(cells[:1], {**SOURCES, "dao-g": "5e6f"}, 2, seed=0)
    changed = {share.source: share.key for share in other_model}
    assert changed["dao-g"] != keys["dao-g"]
    assert changed["template"] == keys["template"]
    assert {share.key for share in share_out(cells[:1], SOURCES, 2, seed=1)}.isdisjoint(
        keys.values()
    )
