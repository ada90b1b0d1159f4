"""Compositions near the hull are relaxed more often; none is forgotten."""

from __future__ import annotations

from collections import Counter

import pytest

from dao_core.search.prospects import GAP, Lowest, Prospect, Turns, prospects

ELEMENTS = {"Mg": Lowest(-1.0), "O2": Lowest(-5.0)}


def test_relaxed_energies_count_before_one_shot_ones_and_doubt_is_kept() -> None:
    relaxed = {**ELEMENTS, "MgO": Lowest(-6.0, 0.02)}
    known = prospects(relaxed, {"MgO": -9.0, "MgO2": -5.0}, "test-1")
    assert known["MgO"] == Prospect(0.0, 0.02)
    hull = -6.0 * 2 / 3 - 5.0 / 3  # a tie line from MgO to O2
    assert known["MgO2"].above_hull == pytest.approx(-5.0 - hull)
    assert known["MgO2"].doubt > known["MgO"].doubt


def test_doubt_keeps_a_composition_interesting() -> None:
    assert Prospect(GAP, 0.0).nearness == pytest.approx(0.3679, abs=1e-4)
    assert Prospect(0.3, 0.2).nearness > 5 * Prospect(0.3, 0.0).nearness
    assert Prospect(None, 0.0).nearness == 1.0


def test_turns_follow_interest_and_are_exact() -> None:
    turns = Turns({"MgO": Prospect(0.0, 0.0), "MgO2": Prospect(0.4, 0.05)}, {"MgO": 2})
    given: Counter[str] = Counter()
    for _ in range(40):
        formula = turns.next(["MgO", "MgO2", "Mg3O"])  # nothing is known of the last
        turns.give(formula)
        given[formula] += 1
    assert given == {"Mg3O": 20, "MgO": 18, "MgO2": 2}
