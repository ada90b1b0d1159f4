"""Finite-displacement phonons with forces that are known by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import CalculationError, InputError
from dao_core.phonons import (
    along_soft_mode,
    finite_displacement_phonons,
    harmonic_properties,
    supercell_size,
)

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
    assert document.imaginary == "none"
    assert document.imaginary_qpoint is None


def test_a_crystal_that_shears_by_itself_is_flagged() -> None:
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, -0.7), supercell=(2, 2, 2))
    assert document.unstable
    assert document.imaginary == "instability"
    assert document.minimum_frequency < -1.0
    assert document.imaginary_qpoint is not None


def test_branches_that_dip_below_zero_a_little_are_noise() -> None:
    # Between the springs that hold and those that do not, the softest branch just passes zero.
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, -0.0005), supercell=(2, 2, 2))
    assert -0.3 < document.minimum_frequency < -0.01
    assert document.imaginary == "noise"
    assert not document.unstable


def test_forces_that_are_not_of_every_atom_are_refused() -> None:
    with pytest.raises(CalculationError, match="16 finite vectors"):
        finite_displacement_phonons(ROCK_SALT, lambda _: np.zeros((2, 3)), supercell=(2, 2, 2))
    with pytest.raises(CalculationError, match="finite"):
        finite_displacement_phonons(
            ROCK_SALT, lambda cell: np.full((len(cell), 3), np.nan), supercell=(1, 1, 1)
        )
    with pytest.raises(CalculationError, match="all forces vanish"):
        finite_displacement_phonons(ROCK_SALT, springs(0.0, 0.0), supercell=(1, 1, 1))
    with pytest.raises(InputError, match="positive"):
        finite_displacement_phonons(ROCK_SALT, springs(1, 1), displacement=0.0)


def test_supercell_is_long_enough_in_every_direction() -> None:
    crystal = Structure(Lattice.orthorhombic(3.0, 9.0, 4.0), ["Si"], [[0, 0, 0]])
    assert supercell_size(crystal, 8.0) == (3, 1, 2)


def test_a_soft_mode_is_a_way_down() -> None:
    unstable = springs(2.0, -0.7)
    document = finite_displacement_phonons(ROCK_SALT, unstable, supercell=(2, 2, 2))
    near, far = (along_soft_mode(ROCK_SALT, document, amplitude=a) for a in (0.05, 0.1))
    assert near is not None
    assert far is not None
    assert far.frequency < -1.0
    moved = far.structure.frac_coords - near.structure.frac_coords
    moved = far.structure.lattice.get_cartesian_coords(moved - np.round(moved))
    assert np.linalg.norm(moved, axis=1).max() == pytest.approx(0.05, rel=1e-6)
    assert (unstable(far.structure) * moved).sum() > 0, "the forces push further along"


def test_a_stable_crystal_has_no_soft_mode() -> None:
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, 0.5), supercell=(2, 2, 2))
    assert along_soft_mode(ROCK_SALT, document) is None
    with pytest.raises(InputError, match="positive"):
        along_soft_mode(ROCK_SALT, document, amplitude=0.0)


def test_zero_point_and_free_energies_of_springs() -> None:
    document = finite_displacement_phonons(ROCK_SALT, springs(2.0, 0.5), supercell=(2, 2, 2))
    found = harmonic_properties(ROCK_SALT, document, [300.0, 2000.0])
    # Half a quantum of the mean frequency for each of three modes per atom: between 0 and the
    # highest, which is the optical one at Gamma (h = 4.135667 meV/THz).
    highest = document.gamma_frequencies[-1]
    assert 0.2 < found.zero_point_energy / (1.5 * 4.135667e-3 * highest) < 1.0
    assert found.zero_point_energy > found.free_energies[0] > found.free_energies[1]
    assert found.last_dos_peak == pytest.approx(highest * 33.356, rel=0.1)
    assert found.imaginary_share == pytest.approx(0.0, abs=0.01)
    with pytest.raises(InputError, match="kelvin"):
        harmonic_properties(ROCK_SALT, document, [-1.0])
