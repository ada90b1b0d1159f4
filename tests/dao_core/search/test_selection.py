"""The choice of candidates for DFT, and the end of a search."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search.selection import (
    DftCandidate,
    choose_for_dft,
    stability_chance,
    stop_reason,
)


def salt(edge: float, offset: float = 0.5, anion: str = "O") -> Structure:
    return Structure(Lattice.cubic(edge), ["Mg", anion], [[0, 0, 0], [0.5, 0.5, offset]])


def candidate(
    structure: Structure, above: float | None, std: float | None = None, *, novel: bool = True
) -> DftCandidate:
    return DftCandidate(structure, above, std, novel)


def test_doubt_makes_the_unstable_worth_a_look_and_no_hull_makes_it_worth_nothing() -> None:
    sure = candidate(salt(3), 0.2)
    doubtful = candidate(salt(3), 0.2, 0.2)
    assert stability_chance(sure) < 1e-9
    assert stability_chance(doubtful) > 0.1
    assert stability_chance(candidate(salt(3), 0.0)) == pytest.approx(0.5)
    assert stability_chance(candidate(salt(3), None)) == 0.0


def test_near_repeats_are_never_chosen_even_when_budget_is_left() -> None:
    crystals = [candidate(salt(3), 0.0), candidate(salt(3.001), 0.0), candidate(salt(3, 0.2), 0.05)]
    assert choose_for_dft(crystals, 3) == [0, 2]


def test_other_compositions_come_before_a_second_polymorph_of_equal_promise() -> None:
    crystals = [
        candidate(salt(3), 0.0),
        candidate(salt(3, 0.2), 0.001),
        candidate(salt(3, anion="S"), 0.02),
    ]
    assert choose_for_dft(crystals, 2) == [0, 2]


def test_new_crystals_come_before_known_ones_of_equal_energy() -> None:
    known = candidate(salt(3), 0.0, novel=False)
    assert choose_for_dft([known, candidate(salt(3, anion="S"), 0.0)], 1) == [1]


def test_a_search_ends_when_nothing_new_comes_or_the_budget_is_spent() -> None:
    assert stop_reason([3, 0, 1, 0], patience=2) is None
    assert stop_reason([0], patience=2) is None
    assert "2 rounds" in str(stop_reason([3, 0, 0], patience=2))
    assert "budget" in str(stop_reason([3], 2, spent=10.0, budget=10.0))
