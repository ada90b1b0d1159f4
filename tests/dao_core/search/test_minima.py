from __future__ import annotations

import pytest
from pymatgen.core import Structure

from dao_core.search.minima import first_found


def test_who_came_first_and_what_is_low(
    rocksalt: Structure, caesium_chloride: Structure, magnesium: Structure, oxygen: Structure
) -> None:
    structures = [caesium_chloride, rocksalt, rocksalt.copy(), magnesium, oxygen]
    found = first_found(structures, [-4.0, -6.0, -6.001, -1.5, -4.9], "test-1")
    assert [(m.first, m.lowest) for m in found] == [(0, 0), (1, 2), (3, 3), (4, 4)]
    assert [m.low for m in found] == [False, True, True, True]
    assert found[0].above_hull == pytest.approx(2.001)


def test_without_a_hull_the_best_of_the_composition_counts(
    rocksalt: Structure, caesium_chloride: Structure
) -> None:
    found = first_found([caesium_chloride, rocksalt], [-5.95, -6.0], "test-1")
    assert [m.above_hull for m in found] == [None, None]
    assert all(m.low for m in found)
