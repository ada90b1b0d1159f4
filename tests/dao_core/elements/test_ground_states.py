from __future__ import annotations

import pytest
from pymatgen.core import Element

from dao_core.elements.ground_states import element_structure
from dao_core.errors import InputError
from dft_inputs.pseudos import DEFAULT_FAMILY
from dft_inputs.pseudos.family import catalogue


@pytest.mark.parametrize(
    ("symbol", "group", "atoms"),
    [
        ("Al", "Fm-3m", 1),
        ("Si", "Fd-3m", 2),
        ("Fe", "Im-3m", 1),
        ("Mg", "P6_3/mmc", 2),
        ("C", "P6_3/mmc", 4),
        ("Sn", "Fd-3m", 2),
        ("Sb", "R-3m", 2),
        ("Te", "P3_121", 3),
        ("Ga", "Cmce", 4),
        ("P", "Cmce", 4),
        ("B", "R-3m", 12),
        ("In", "I4/mmm", 1),
        ("S", "Fddd", 32),
    ],
)
def test_lattices_of_common_elements(symbol: str, group: str, atoms: int) -> None:
    crystal = element_structure(symbol)
    assert len(crystal) == atoms
    assert crystal.get_space_group_info()[0] == group


def test_diatomic_elements_are_molecules_in_contact() -> None:
    crystal = element_structure("O")
    assert crystal.get_distance(0, 1) == pytest.approx(1.21)
    assert len(crystal.get_neighbors(crystal[0], 3.0)) == 1


def test_every_element_of_the_default_family_has_a_crystal_or_asks_for_one() -> None:
    asked = set()
    for symbol in catalogue(DEFAULT_FAMILY).pseudopotentials:
        try:
            crystal = element_structure(symbol)
        except InputError:
            asked.add(symbol)
            continue
        assert crystal.composition.chemical_system == symbol
        radius = Element(symbol).atomic_radius or Element(symbol).atomic_radius_calculated
        nearest = min(n.nn_distance for n in crystal.get_neighbors(crystal[0], 6.0))
        assert nearest > 0.9 * float(radius or 0.0), symbol
    assert asked == {"He", "Mn", "Rn"}


def test_an_element_without_a_simple_crystal_is_asked_for() -> None:
    with pytest.raises(InputError, match="No simple crystal of Mn"):
        element_structure("Mn")
