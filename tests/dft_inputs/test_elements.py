from __future__ import annotations

import pytest

from dft_inputs.elements import element_structure
from dft_inputs.errors import InputError


@pytest.mark.parametrize(
    ("symbol", "group", "atoms"),
    [("Al", "Fm-3m", 1), ("Si", "Fd-3m", 2), ("Fe", "Im-3m", 1), ("Mg", "P6_3/mmc", 2)],
)
def test_lattices_of_common_elements(symbol: str, group: str, atoms: int) -> None:
    crystal = element_structure(symbol)
    assert len(crystal) == atoms
    assert crystal.get_space_group_info()[0] == group


def test_diatomic_elements_are_molecules_in_contact() -> None:
    crystal = element_structure("O")
    assert crystal.get_distance(0, 1) == pytest.approx(1.21)
    assert len(crystal.get_neighbors(crystal[0], 3.0)) == 1


def test_an_element_without_a_simple_crystal_is_asked_for() -> None:
    with pytest.raises(InputError, match="No simple crystal of Mn"):
        element_structure("Mn")
