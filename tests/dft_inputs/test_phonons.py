"""Finite-displacement phonons with forces that are known by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.errors import CalculationError, InputError
from dft_inputs.phonons import finite_displacement_phonons, supercell_size

# Two masses in a cubic cell: neighbours half a cell away along each axis, spring along the bond.
ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
).get_primitive_structure()


def springs(constant: float, transverse: float) -> Callable[[Structure], np.ndarray]:
    """Forces of springs to the six nearest neighbours, eV/angstrom^2 along and across the bond."""
    ideal = 2.1

    def forces(cell: Structure) -> np.ndarray:
        total = np.zeros((len(cell), 3))
        for index, neighbours in enumerate(cell.get_all_neighbors(ideal * 1.2)):
            for neighbour in neighbours:
                bond = neighbour.coords - cell[index].coords
                axis = np.zeros(3)
                axis[np.abs(bond).argmax()] = 1.0
                stretch = bond - np.sign(bond @ axis) * ideal * axis
                along = (stretch @ axis) * axis
                total[index] += constant * along + transverse * (stretch - along)
        return total

    return forces


def test_optical_frequency_of_two_masses_on_springs() -> None:
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, 0.5), supercell=(2, 2, 2))
    # Along any axis two springs of 2.0 and four of 0.5 hold the sublattices: K = 6 eV/A^2.
    reduced = 24.305 * 15.9994 / (24.305 + 15.9994) * 1.66053907e-27
    expected = np.sqrt(6.0 * 16.02176634 / reduced) / (2 * np.pi) * 1e-12
    assert document.gamma_frequencies[3:] == pytest.approx([expected] * 3, rel=1e-3)
    assert document.gamma_frequencies[:3] == pytest.approx([0.0] * 3, abs=1e-3)
    assert not document.unstable
    assert document.imaginary_qpoint is None


def test_a_crystal_that_shears_by_itself_is_flagged() -> None:
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, -0.7), supercell=(2, 2, 2))
    assert document.unstable
    assert document.minimum_frequency < -1.0
    assert document.imaginary_qpoint is not None


def test_forces_that_are_not_of_every_atom_are_refused() -> None:
    with pytest.raises(CalculationError, match="16 finite vectors"):
        finite_displacement_phonons(ROCK_SALT, lambda _: np.zeros((2, 3)), supercell=(2, 2, 2))
    with pytest.raises(CalculationError, match="finite"):
        finite_displacement_phonons(
            ROCK_SALT, lambda cell: np.full((len(cell), 3), np.nan), supercell=(1, 1, 1)
        )
    with pytest.raises(InputError, match="positive"):
        finite_displacement_phonons(ROCK_SALT, springs(1, 1), displacement=0.0)


def test_supercell_is_long_enough_in_every_direction() -> None:
    crystal = Structure(Lattice.orthorhombic(3.0, 9.0, 4.0), ["Si"], [[0, 0, 0]])
    assert supercell_size(crystal, 8.0) == (3, 1, 2)
