from __future__ import annotations

import pytest

from dao_core.errors import InputError
from dao_core.search.target import Formula, parse_target


def test_system_is_sorted_and_has_no_formulas() -> None:
    target = parse_target(["O-Mg"])
    assert target.elements == ("Mg", "O")
    assert target.is_system
    assert target.name == "Mg-O"


def test_formula_of_a_cell_keeps_its_z() -> None:
    target = parse_target(["Cr6Os2", "MgO", "Mg4O4", "MgO"])
    assert target.formulas == (Formula("Cr3Os", 2), Formula("MgO", None), Formula("MgO", 4))
    assert target.elements == ("Cr", "Mg", "O", "Os")
    assert not target.is_system


def test_an_element_alone_is_a_formula() -> None:
    assert parse_target(["Si"]).formulas == (Formula("Si", None),)
    assert parse_target(["O"]).formulas == parse_target(["O2"]).formulas == (Formula("O2", None),)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "no chemical system"),
        ([" "], "no chemical system"),
        (["Xx-O"], "'Xx' is not an element"),
        (["mg-o"], "'mg' is not an element"),
        (["Mg-"], "empty place"),
        (["Mg-Mg"], "twice"),
        (["He-Ne"], "noble gases"),
        (["Ar"], "noble gases"),
        (["MgO2.5"], "whole, positive"),
        (["Mg0"], "whole, positive"),
        (["mgo"], "malformed or names an unknown element"),
        (["Mg2(O"], "malformed"),
        (["MgO!"], "malformed"),
        (["Mg-O", "TiO2"], "not both at once"),
        (["Rf-O"], "beyond fermium"),
    ],
)
def test_wrong_input_is_named(texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_target(texts)
