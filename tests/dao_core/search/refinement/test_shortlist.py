"""Which minima of a search are refined, and in which order they are due."""

from __future__ import annotations

from dao_core.search.refinement import Place, shortlist


def places(*rows):
    return [
        Place(formula, formula in {"Mg", "O2"}, height, doubt) for formula, height, doubt in rows
    ]


def test_elements_come_first_then_the_window_then_the_best_of_each_composition():
    found = places(
        ("MgO", 0.0, 0.05), ("MgO", 0.01, 0.05), ("MgO", 0.02, 0.05), ("MgO", 0.3, 0.05),
        ("Mg3O", 0.4, 0.05), ("Mg3O", 0.5, 0.05), ("Mg3O", 0.6, 0.05), ("Mg", 0.0, 0.05),
    )  # fmt: skip
    assert shortlist(found) == [7, 0, 1, 2, 4, 5]


def test_the_window_is_twice_the_calibrated_doubt_but_never_less_than_the_least():
    rows = [("MgO", 0.0, 0.01)] * 2
    assert shortlist(places(*rows, ("MgO", 0.04, 0.01), ("MgO", 0.06, 0.01))) == [0, 1, 2]
    assert shortlist(places(*rows, ("MgO", 0.19, 0.1), ("MgO", 0.21, 0.1))) == [0, 1, 2]
    assert shortlist(places(*rows, ("MgO", 0.04, None))) == [0, 1, 2]


def test_no_more_than_asked_for_and_elements_never_fall_out():
    found = places(*[("MgO", 0.001 * n, 0.05) for n in range(60)], ("Mg", 0.0, 0.05))
    chosen = shortlist(found)
    assert len(chosen) == 40
    assert chosen[0] == 60
    assert chosen[1:] == list(range(39))


def test_without_a_hull_everything_is_in_the_window():
    assert shortlist(places(*[("MgO", None, 0.05)] * 5)) == [0, 1, 2, 3, 4]
