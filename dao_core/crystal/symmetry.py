"""Symmetry over a ladder of tolerances: idealised cells, space groups, Wyckoff positions.

Detection is spglib's. Only :func:`standard_primitive`, which serves identity at a tight tolerance,
is moyo's: its idealised coordinates do not depend on the order of the atoms, where spglib's differ
in the last digits. At loose tolerances moyo 0.21 does not return for some distorted crystals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import moyopy
import numpy as np
import spglib
from pymatgen.core import Element, Lattice, Structure

LADDER = (0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Angstrom: the tolerances that are tried; relaxed structures of a learned potential need 0.1."""
MAX_DISPLACEMENT = 0.2
"""Angstrom: no atom may move further when its crystal is idealised."""
IDEAL_SYMPREC = 1e-3
"""Angstrom: tolerance for crystals that are idealised already."""
TIGHT_SYMPREC = 0.02
"""Angstrom: the loosest tolerance that moyo is given."""


@dataclass(frozen=True)
class SymmetrisedCrystal:
    """A crystal put exactly on the symmetry that it nearly had.

    Attributes:
        structure: primitive cell in the standard setting.
        conventional: conventional cell in the standard setting.
        space_group: international short symbol, e.g. ``Fm-3m``.
        space_group_number: 1 to 230.
        wyckoff_sequence: occupied orbits of the conventional cell, e.g. ``Mg4a O4b``.
        symprec: tolerance at which this symmetry was found, angstrom.
        displacement: the furthest that an atom moved, angstrom.
    """

    structure: Structure
    conventional: Structure
    space_group: str
    space_group_number: int
    wyckoff_sequence: str
    symprec: float
    displacement: float


def symmetrise(
    structure: Structure,
    ladder: Sequence[float] = LADDER,
    max_displacement: float = MAX_DISPLACEMENT,
) -> SymmetrisedCrystal:
    """Idealise to the highest symmetry within reach of ``max_displacement``.

    Every tolerance of the ladder is tried. Of the symmetries whose idealised crystal keeps every
    atom within ``max_displacement``, the one with the most operations wins, and among equals the
    tightest tolerance. A crystal without any (atoms on top of each other) is returned as P1.

    Args:
        structure: an ordered crystal.
        ladder: tolerances, angstrom.
        max_displacement: angstrom.
    """
    best: tuple[int, float, float] | None = None
    for symprec in sorted(ladder, reverse=True):
        dataset = symmetry_dataset(structure, symprec)
        if dataset is None:
            continue
        displacement = _largest_displacement(structure, dataset)
        operations = len(dataset.rotations)
        if displacement <= max_displacement and (best is None or operations >= best[0]):
            best = (operations, symprec, displacement)
    if best is None:
        return _unsymmetric(structure, min(ladder))
    _, symprec, displacement = best
    return _idealised(structure, symprec, displacement)


def space_group_of(structure: Structure, symprec: float = 0.1) -> tuple[str, int]:
    """Space group symbol and number at one tolerance (angstrom); P1 if none is found."""
    dataset = symmetry_dataset(structure, symprec)
    return ("P1", 1) if dataset is None else (str(dataset.international), int(dataset.number))


def space_group_number(structure: Structure, symprec: float = 0.1) -> int:
    """Space group number at one tolerance (angstrom); 1 if none is found."""
    return space_group_of(structure, symprec)[1]


def standard_primitive(structure: Structure, symprec: float) -> Structure:
    """The idealised primitive cell in the standard setting of its space group.

    Where no symmetry can be found (atoms on top of each other), the cell is returned as it is.

    Args:
        structure: an ordered crystal.
        symprec: tolerance on positions, angstrom, at most ``TIGHT_SYMPREC``.

    Raises:
        ValueError: the tolerance is looser than that.
    """
    if symprec > TIGHT_SYMPREC:
        raise ValueError(f"symprec {symprec} is looser than {TIGHT_SYMPREC}; use symmetrise")
    try:
        cell = moyopy.MoyoDataset(moyopy.Cell(*_cell(structure)), symprec=symprec).prim_std_cell
    except ValueError:
        return structure.copy()
    return _structure(cell.basis, cell.positions, cell.numbers)


def symmetry_dataset(structure: Structure, symprec: float) -> spglib.SpglibDataset | None:
    """What spglib knows of a crystal at one tolerance (angstrom), or None if it finds nothing."""
    try:
        return spglib.get_symmetry_dataset(_cell(structure), symprec=symprec)
    except spglib.SpglibError:
        return None


def _idealised(structure: Structure, symprec: float, displacement: float) -> SymmetrisedCrystal:
    """The idealised cells and labels at a tolerance for which a symmetry is known."""
    conventional = _standardised(structure, symprec, to_primitive=False)
    dataset = symmetry_dataset(conventional, IDEAL_SYMPREC)
    if dataset is None:
        return _unsymmetric(structure, symprec)
    return SymmetrisedCrystal(
        structure=_standardised(structure, symprec, to_primitive=True),
        conventional=conventional,
        space_group=str(dataset.international),
        space_group_number=int(dataset.number),
        wyckoff_sequence=_wyckoff_sequence(conventional, dataset),
        symprec=symprec,
        displacement=displacement,
    )


def _unsymmetric(structure: Structure, symprec: float) -> SymmetrisedCrystal:
    """A crystal as it is, without any symmetry."""
    elements = sorted(site.specie.symbol for site in structure)
    return SymmetrisedCrystal(
        structure=structure.copy(),
        conventional=structure.copy(),
        space_group="P1",
        space_group_number=1,
        wyckoff_sequence=" ".join(f"{element}1a" for element in elements),
        symprec=symprec,
        displacement=0.0,
    )


def _wyckoff_sequence(conventional: Structure, dataset: spglib.SpglibDataset) -> str:
    """Element, multiplicity and letter of every orbit, sorted by letter, then element."""
    orbits = Counter(dataset.crystallographic_orbits.tolist())
    labels = [
        (dataset.wyckoffs[orbit], conventional[orbit].specie.symbol, multiplicity)
        for orbit, multiplicity in orbits.items()
    ]
    return " ".join(f"{element}{count}{letter}" for letter, element, count in sorted(labels))


def _largest_displacement(structure: Structure, dataset: spglib.SpglibDataset) -> float:
    """Furthest distance of an atom from its idealised site, angstrom.

    With ``x_std = P x + p`` (spglib documentation, "Transformation matrix and origin shift") the
    atoms are laid over the idealised cell; the nearest site of the same element is theirs.
    """
    placed = structure.frac_coords @ dataset.transformation_matrix.T + dataset.origin_shift
    distances = Lattice(dataset.std_lattice).get_all_distances(placed, dataset.std_positions)
    different = np.array(structure.atomic_numbers)[:, None] != dataset.std_types[None, :]
    distances[different] = np.inf
    return float(distances.min(axis=1).max())


def _standardised(structure: Structure, symprec: float, *, to_primitive: bool) -> Structure:
    """The idealised cell at a tolerance for which a symmetry is known."""
    try:  # spglib answers None or raises, by a process-wide switch that other packages set
        standard = spglib.standardize_cell(
            _cell(structure), to_primitive=to_primitive, symprec=symprec
        )
    except spglib.SpglibError:
        standard = None
    return structure.copy() if standard is None else _structure(*standard)


def _structure(
    lattice: Sequence[Sequence[float]],
    frac_coords: Sequence[Sequence[float]],
    numbers: Sequence[int],
) -> Structure:
    """A pymatgen structure, wrapped into its cell."""
    species = [Element.from_Z(int(number)) for number in numbers]
    return Structure(Lattice(lattice), species, frac_coords, to_unit_cell=True)


def _cell(structure: Structure) -> tuple[list[list[float]], list[list[float]], list[int]]:
    """Lattice rows, fractional coordinates and atomic numbers, as spglib and moyo take them."""
    return (
        structure.lattice.matrix.tolist(),
        structure.frac_coords.tolist(),
        list(structure.atomic_numbers),
    )
