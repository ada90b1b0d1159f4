"""An instability as a direction: the crystal displaced along its softest mode."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.phonopy import get_pmg_structure

from dao_core.errors import InputError
from dao_core.phonons.finite_displacement import (
    IMAGINARY_BELOW,
    FinitePhononDoc,
    lattice_dynamics,
    lowest_frequency,
    mesh_points,
)

AMPLITUDE = 0.2
"""Angstrom that the atom moves which moves most: out of the saddle, well before contacts."""
MESH = (2, 2, 2)
"""Modes whose distortion fits into the cell doubled along each axis."""


@dataclass(frozen=True)
class SoftMode:
    """A distortion that lowers the energy to second order.

    Attributes:
        structure: The distorted crystal, in the smallest cell that holds the mode.
        qpoint: Of the mode, reciprocal fractional coordinates.
        frequency: THz, negative for imaginary.
    """

    structure: Structure
    qpoint: tuple[float, ...]
    frequency: float


def along_soft_mode(
    structure: Structure, phonons: FinitePhononDoc, amplitude: float = AMPLITUDE
) -> SoftMode | None:
    """Displace a crystal along its softest mode; modes that need fewer cells come first.

    Args:
        structure: The crystal whose phonons they are.
        phonons: From :func:`finite_displacement_phonons`.
        amplitude: Largest displacement of an atom, angstrom.

    Returns:
        The distorted crystal, or None where no mode of the doubled cell is imaginary.

    Raises:
        InputError: If the amplitude is not positive.
    """
    if amplitude <= 0:
        raise InputError(f"The amplitude must be positive, not {amplitude} angstrom.")
    dynamics = lattice_dynamics(structure, phonons.supercell, phonons.force_constants)
    soft = [
        (int(np.prod(_repetitions(qpoint))), lowest_frequency(dynamics, qpoint), qpoint)
        for qpoint in mesh_points(MESH)
    ]
    soft = [mode for mode in soft if mode[1] < IMAGINARY_BELOW]
    if not soft:
        return None
    _, frequency, qpoint = min(soft)
    modulation = dynamics.run_modulations(_repetitions(qpoint), [[qpoint, 0, 1.0, 0.0]])
    wave = modulation.modulations[0]
    largest = wave.flat[np.abs(wave).argmax()]
    displacements = (wave * np.conj(largest) / abs(largest)).real
    distorted = get_pmg_structure(modulation.supercell)
    scale = amplitude / np.linalg.norm(displacements, axis=1).max()
    moved = Structure(
        distorted.lattice,
        distorted.species,
        distorted.cart_coords + scale * displacements,
        coords_are_cartesian=True,
        to_unit_cell=True,
    )
    return SoftMode(moved, qpoint, frequency)


def _repetitions(qpoint: tuple[float, ...]) -> tuple[int, ...]:
    """Cells along each axis after which a wave repeats."""
    return tuple(Fraction(part).limit_denominator(16).denominator for part in qpoint)
