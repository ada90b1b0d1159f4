from __future__ import annotations

import logging
import time

import pytest
from pymatgen.core import Composition

from dao_core.errors import DomainError, InputError
from dao_core.search.compositions import MAX_COMPOUNDS, enumerate_compositions, parse_target
from dao_core.search.stoichiometry import charge_balance


def formulas(*texts: str, max_atoms: int = 20) -> list[str]:
    cells = enumerate_compositions(parse_target(texts), "auto", max_atoms)
    return list(dict.fromkeys(cell.formula for cell in cells))


def test_elements_come_first_then_compounds() -> None:
    assert formulas("Na-Cl") == ["Cl2", "Na", "NaCl"]
    assert formulas("Mg-O") == ["Mg", "O2", "MgO", "MgO2"]


@pytest.mark.parametrize(
    ("system", "known"),
    [
        ("Fe-O", {"FeO", "Fe2O3", "Fe3O4"}),
        ("Ti-O", {"TiO2", "Ti2O3", "Ti4O7"}),
        ("Al-Ni", {"AlNi", "AlNi3", "Al3Ni2", "Al3Ni"}),
        ("Fe-C", {"Fe3C"}),
        ("C-Si", {"SiC"}),
        ("Ga-N", {"GaN"}),
        ("Ca-C-O", {"CaCO3", "CaO", "CO2"}),
        ("Fe-Li-O-P", {"LiFePO4", "Li3PO4", "Fe2O3", "FePO4"}),
        ("Na-O", {"Na2O", "Na2O2"}),
        ("N-H", {"H3N"}),
    ],
)
def test_known_compounds_are_enumerated(system: str, known: set[str]) -> None:
    known = {Composition(formula).reduced_formula for formula in known}
    assert known <= set(formulas(system, max_atoms=28))


def test_composition_is_exactly_z_formula_units() -> None:
    for cell in enumerate_compositions(parse_target(["Ti-O"])):
        assert cell.composition == Composition(cell.formula) * cell.z
        assert cell.natoms == cell.composition.num_atoms <= 20


def test_formula_of_a_cell_is_taken_as_it_is() -> None:
    cells = enumerate_compositions(parse_target(["Cr6Os2"]))
    assert [(cell.z, cell.natoms) for cell in cells] == [(2, 8)]
    wider = enumerate_compositions(parse_target(["Cr6Os2"]), (1, 2))
    assert [cell.z for cell in wider] == [1, 2]


def test_z_can_be_named() -> None:
    cells = enumerate_compositions(parse_target(["MgO"]), (4, 1, 4))
    assert [cell.natoms for cell in cells] == [2, 8]
    assert [cell.z for cell in enumerate_compositions(parse_target(["MgO"]))] == [1, 2, 3, 4, 6, 8]


@pytest.mark.parametrize("z", [(), (0,), (2, -1)])
def test_impossible_z_is_refused(z: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="Z must be"):
        enumerate_compositions(parse_target(["MgO"]), z)


def test_formula_beyond_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(DomainError, match=r"at least 28 atoms .* limit is 20"):
        enumerate_compositions(parse_target(["Zr16Pd8O4"]))
    assert len(enumerate_compositions(parse_target(["Zr16Pd8O4"]), max_atoms=28)) == 1


def test_seven_elements_are_bounded_and_quick(caplog: pytest.LogCaptureFixture) -> None:
    start = time.process_time()
    with caplog.at_level(logging.WARNING):
        found = formulas("Li-Na-K-Mg-Ti-O-F")
    assert time.process_time() - start < 60
    assert len(found) <= MAX_COMPOUNDS + 7
    assert {"MgO", "TiO2", "LiF", "MgTiO3"} <= set(found)
    assert "most plausible" in caplog.text


def test_eight_elements_are_refused() -> None:
    with pytest.raises(InputError, match="8 elements"):
        formulas("Li-Na-K-Mg-Ca-Ti-O-F")


def test_order_is_the_same_every_time_and_for_every_spelling() -> None:
    assert enumerate_compositions(parse_target(["Fe-O"])) == enumerate_compositions(
        parse_target(["O-Fe"])
    )


@pytest.mark.parametrize(
    ("counts", "balanced"),
    [
        ({"Mg": 1, "O": 1}, True),
        ({"Mg": 2, "O": 1}, False),
        ({"Fe": 3, "O": 4}, True),
        ({"Na": 1, "Cl": 2}, False),
        ({"Al": 1, "Ni": 1}, False),
        ({"He": 1, "O": 1}, False),
    ],
)
def test_charge_balance(counts: dict[str, int], balanced: bool) -> None:
    assert (charge_balance(counts) is not None) == balanced


def test_common_oxidation_states_are_more_plausible() -> None:
    common, rare = charge_balance({"Ti": 1, "O": 2}), charge_balance({"Ti": 1, "O": 1})
    assert common is not None
    assert rare is not None
    assert common > rare
