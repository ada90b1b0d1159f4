"""Later rounds go where earlier ones found something, in whole candidates that add up."""

from __future__ import annotations

import pytest

from dao_core.search.budget import (
    EXPLORED,
    Experience,
    Tally,
    divide,
    formula_weight,
    source_weights,
    z_weights,
)
from dao_core.search.compositions import enumerate_compositions, parse_target
from dao_core.search.prospects import Prospect

SOURCES = ("dao-g", "template", "perturbation")


def test_the_source_that_finds_more_per_second_gets_more() -> None:
    tallies = {"dao-g": Tally(100, 10, 20.0), "template": Tally(100, 10, 2.0)}
    weights = source_weights(SOURCES, tallies)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["template"] > weights["perturbation"] > weights["dao-g"] >= EXPLORED


def test_barren_sources_are_still_explored() -> None:
    weights = source_weights(SOURCES, {"dao-g": Tally(100, 0, 1e6), "template": Tally(9, 9, 1.0)})
    assert weights["dao-g"] == pytest.approx(EXPLORED, abs=0.02)


def test_compositions_near_the_hull_and_unexplored_ones_come_first() -> None:
    known = Experience(
        prospects={"MgO": Prospect(0.0, 0.0), "MgO3": Prospect(0.4, 0.0)},
        relaxed={"MgO": 9, "MgO3": 9},
    )
    assert formula_weight("MgO", known) > 2 * formula_weight("MgO3", known)
    assert formula_weight("MgO2", known) > formula_weight("MgO", known)


def test_larger_cells_are_tried_while_the_energy_falls() -> None:
    falling = z_weights("TiO2", [1, 2, 4, 8], {("TiO2", 1): -8.0, ("TiO2", 2): -8.9})
    settled = z_weights("TiO2", [1, 2, 4, 8], {("TiO2", 1): -8.9, ("TiO2", 2): -8.901})
    assert falling[2] == 1.0
    assert falling[4] > settled[4]
    assert settled[1] == 1.0
    assert settled[2] < 1.0


def test_numbers_add_up_and_closed_arms_get_nothing() -> None:
    cells = enumerate_compositions(parse_target(["Mg-O"]), "auto", 8)
    closed = {("perturbation", cell.formula, cell.z) for cell in cells}
    known = Experience(closed=closed)
    numbers = divide(cells, SOURCES, known, 77)
    assert sum(numbers.values()) == 77
    assert not closed & set(numbers)
    assert numbers == divide(cells, SOURCES, known, 77)
    everything = {(source, cell.formula, cell.z) for cell in cells for source in SOURCES}
    assert divide(cells, SOURCES, Experience(closed=everything), 77) == {}
