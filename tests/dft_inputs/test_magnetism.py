from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.magnetism import starting_moments


def pair(first: str, second: str) -> Structure:
    return Structure(Lattice.cubic(3.0), [first, second], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize(("metal", "moment"), [("Fe", 5.0), ("Mn", 5.0), ("Ce", 7.0), ("U", 7.0)])
def test_open_shells_start_from_high_spin(metal: str, moment: float) -> None:
    assert starting_moments(pair(metal, "O")) == [moment, 0.1]


@pytest.mark.parametrize(("first", "second"), [("Mg", "O"), ("Na", "Cl"), ("Zn", "S"), ("Cu", "O")])
def test_closed_shells_need_no_spin(first: str, second: str) -> None:
    assert starting_moments(pair(first, second)) is None


def test_given_moments_win_even_where_none_were_needed() -> None:
    crystal = pair("Fe", "Fe")
    crystal.add_site_property("magmom", [2.0, -2.0])
    assert starting_moments(crystal) == [2.0, -2.0]


def test_oxygen_is_a_triplet_only_as_an_element() -> None:
    assert starting_moments(pair("O", "O")) == [1.0, 1.0]
    assert starting_moments(pair("Ca", "O")) is None
