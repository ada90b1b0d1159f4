"""Phonons by finite displacements at any level: whatever gives forces gives phonons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from phonopy import Phonopy
from pydantic import BaseModel, Field
from pymatgen.core import Structure
from pymatgen.io.phonopy import get_phonopy_structure, get_pmg_structure

from dao_core.errors import CalculationError, InputError

Forces = Callable[[Structure], np.ndarray]
"""Forces ``[n, 3]`` in eV/angstrom of a crystal."""

DISPLACEMENT = 0.01
MIN_LENGTH = 8.0
NOTHING = 1e-8
"""eV/angstrom^2 below which a force constant is none."""
TRANSLATIONS = 0.01
"""THz that the translations at Gamma may be off zero."""
IMAGINARY_BELOW = -0.3
"""THz; acoustic branches near Gamma are slightly negative when forces have noise."""
Imaginary = Literal["none", "noise", "instability"]
"""No imaginary mode; acoustic branches that dip below zero as noise makes them; a real one."""


class FinitePhononDoc(BaseModel):
    """Phonons of a crystal by finite displacements."""

    formula: str
    supercell: tuple[int, int, int]
    n_displacements: int
    gamma_frequencies: list[float] = Field(description="THz, imaginary ones negative, ascending")
    minimum_frequency: float = Field(description="THz, lowest on the mesh; negative: imaginary")
    unstable: bool = Field(description="Whether the crystal lowers its energy by a distortion")
    imaginary: Imaginary = Field(description="What the lowest mode is")
    imaginary_qpoint: tuple[float, float, float] | None = Field(
        description="Where the lowest mode is, reciprocal fractional coordinates; None when stable"
    )
    force_constants: list[list[list[list[float]]]] = Field(
        description="[n, n, 3, 3] of the supercell, eV/angstrom^2"
    )


def supercell_size(structure: Structure, min_length: float = MIN_LENGTH) -> tuple[int, int, int]:
    """Smallest diagonal supercell whose vectors are at least so long.

    Args:
        structure: Crystal.
        min_length: angstrom.

    Returns:
        Repetitions along the lattice vectors.
    """
    a, b, c = (max(1, int(np.ceil(min_length / x - 1e-6))) for x in structure.lattice.abc)
    return a, b, c


def finite_displacement_phonons(
    structure: Structure,
    forces: Forces,
    supercell: tuple[int, int, int] | None = None,
    displacement: float = DISPLACEMENT,
    mesh: tuple[int, int, int] = (4, 4, 4),
) -> FinitePhononDoc:
    """Phonons from the forces in displaced supercells (Parlinski, Li and Kawazoe, 1997).

    Args:
        structure: Relaxed crystal.
        forces: Gives the forces of a crystal, at any level.
        supercell: Repetitions; None for vectors of at least 8 angstrom.
        displacement: angstrom.
        mesh: q-points at which imaginary modes are looked for; Gamma and the corners of an even
            mesh are commensurate with even supercells.

    Returns:
        The phonons.

    Raises:
        InputError: If the displacement is not positive.
        CalculationError: If the forces are not of every atom, not finite, or all zero.
    """
    cells = displaced_supercells(structure, supercell, displacement)
    return phonons_from_forces(
        structure, [forces(cell) for cell in cells], supercell, displacement, mesh
    )


def displaced_supercells(
    structure: Structure,
    supercell: tuple[int, int, int] | None = None,
    displacement: float = DISPLACEMENT,
) -> list[Structure]:
    """The supercells whose forces give the phonons, each with one atom displaced.

    Args:
        structure: Relaxed crystal.
        supercell: Repetitions; None for vectors of at least 8 angstrom.
        displacement: angstrom.

    Returns:
        The supercells, always in the same order.

    Raises:
        InputError: If the displacement is not positive.
    """
    phonon = _displaced(structure, supercell or supercell_size(structure), displacement)
    return [get_pmg_structure(cell) for cell in phonon.supercells_with_displacements or []]


def phonons_from_forces(
    structure: Structure,
    forces: Sequence[Any],
    supercell: tuple[int, int, int] | None = None,
    displacement: float = DISPLACEMENT,
    mesh: tuple[int, int, int] = (4, 4, 4),
) -> FinitePhononDoc:
    """Phonons from the forces in the supercells of :func:`displaced_supercells`.

    Args:
        structure: Relaxed crystal.
        forces: ``[n, 3]`` eV/angstrom of each supercell, in their order.
        supercell: As there.
        displacement: As there.
        mesh: q-points at which imaginary modes are looked for.

    Returns:
        The phonons.

    Raises:
        CalculationError: If the forces are not of every atom, not finite, or all zero.
    """
    size = supercell or supercell_size(structure)
    phonon = _displaced(structure, size, displacement)
    n_atoms = len(phonon.supercell)
    phonon.forces = np.array([_checked_forces(values, n_atoms, structure) for values in forces])
    phonon.produce_force_constants()
    phonon.symmetrize_force_constants()
    if not np.any(np.abs(np.asarray(phonon.force_constants)) > NOTHING):
        formula = structure.composition.reduced_formula
        raise CalculationError(f"Nothing holds the atoms of {formula}: all forces vanish.")
    return _document(phonon, structure, size, len(forces), mesh)


def _displaced(structure: Structure, size: tuple[int, int, int], displacement: float) -> Phonopy:
    if displacement <= 0:
        raise InputError(f"The displacement must be positive, not {displacement} angstrom.")
    phonon = lattice_dynamics(structure, size)
    phonon.generate_displacements(distance=displacement)
    return phonon


def lattice_dynamics(
    structure: Structure,
    supercell: tuple[int, int, int],
    force_constants: Sequence[Any] | None = None,
) -> Phonopy:
    """Phonopy's view of a crystal, with force constants if they are known.

    Args:
        structure: Crystal; the cell is kept as given, and Gamma is that of this cell.
        supercell: Repetitions.
        force_constants: ``[n, n, 3, 3]`` of the supercell, eV/angstrom^2.
    """
    phonon = Phonopy(
        get_phonopy_structure(structure), supercell_matrix=np.diag(supercell), primitive_matrix="P"
    )
    if force_constants is not None:
        phonon.force_constants = np.asarray(force_constants)
    return phonon


def lowest_frequency(phonon: Phonopy, qpoint: Sequence[float]) -> float:
    """The lowest frequency at a q-point in THz, negative if imaginary."""
    return float(phonon.run_qpoints([qpoint]).frequencies[0].min())


def mesh_points(mesh: tuple[int, int, int]) -> list[tuple[float, ...]]:
    """The q-points of a Gamma-centred mesh, reciprocal fractional coordinates."""
    return [tuple(i / n for i, n in zip(index, mesh, strict=True)) for index in np.ndindex(*mesh)]


def _checked_forces(forces: Any, n_atoms: int, structure: Structure) -> np.ndarray:
    values = np.asarray(forces, dtype=float)
    if values.shape != (n_atoms, 3) or not np.isfinite(values).all():
        raise CalculationError(
            f"The forces of a displaced supercell of {structure.composition.reduced_formula} are "
            f"not {n_atoms} finite vectors (shape {values.shape})."
        )
    return values


def _document(
    phonon: Phonopy,
    structure: Structure,
    size: tuple[int, int, int],
    n_displacements: int,
    mesh: tuple[int, int, int],
) -> FinitePhononDoc:
    gamma = np.sort(phonon.run_qpoints([[0.0, 0.0, 0.0]]).frequencies[0])
    qpoints = mesh_points(mesh)
    lowest = np.array([lowest_frequency(phonon, qpoint) for qpoint in qpoints])
    worst = int(lowest.argmin())
    unstable = bool(lowest[worst] < IMAGINARY_BELOW)
    return FinitePhononDoc(
        formula=structure.composition.reduced_formula,
        supercell=size,
        n_displacements=n_displacements,
        gamma_frequencies=gamma.tolist(),
        minimum_frequency=float(lowest[worst]),
        unstable=unstable,
        imaginary=_imaginary(float(lowest[worst])),
        imaginary_qpoint=qpoints[worst] if unstable else None,
        force_constants=np.asarray(phonon.force_constants).tolist(),
    )


def _imaginary(lowest: float) -> Imaginary:
    """What a lowest frequency (THz) says; translations at Gamma are never exactly zero."""
    if lowest < IMAGINARY_BELOW:
        return "instability"
    return "noise" if lowest < -TRANSLATIONS else "none"
