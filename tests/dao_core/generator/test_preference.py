"""Likely prototypes and crystals that noise finds again are preferred."""

from __future__ import annotations

import math

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.generator.generated import GeneratedCrystal
from dao_core.generator.preference import (
    NOISE_PROBABILITY,
    TEMPERATURE,
    VOTE,
    preference_of_place,
    preferences,
)


def salt(x: float, prototype: int | None = None, chance: float | None = None) -> GeneratedCrystal:
    cell = Lattice.from_parameters(2.98, 2.98, 2.98, 60, 60, 60)
    structure = Structure(cell, ["Mg", "O"], [[0, 0, 0], [x, x, x]])
    return GeneratedCrystal(structure, "Mg1O1", 0, 0, None, prototype, chance)


def test_probability_and_votes_of_noise_are_added_up() -> None:
    rocksalt, zincblende = salt(0.5, 1, 0.2), salt(0.25, 2, 0.6)
    found = preferences([rocksalt, zincblende, salt(0.5), salt(0.51), salt(0.1)])
    expected = [math.log(0.2) + 2 * VOTE, math.log(0.6)]
    expected += [math.log(NOISE_PROBABILITY) + votes * VOTE for votes in (2, 2, 0)]
    assert found == pytest.approx([TEMPERATURE * value for value in expected])


def test_a_crystal_that_is_none_gets_no_vote() -> None:
    collapsed = salt(0.001)
    assert preferences([collapsed, collapsed]) == [TEMPERATURE * math.log(NOISE_PROBABILITY)] * 2


def test_of_a_source_that_says_an_order_alone_the_first_is_preferred() -> None:
    assert preference_of_place(0) == 0 > preference_of_place(1) > preference_of_place(9)
