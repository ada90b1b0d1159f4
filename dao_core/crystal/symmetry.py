"""Symmetry over a ladder of tolerances: idealised cells, space groups, Wyckoff positions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import moyopy
import numpy as np
from pymatgen.core import Element, Lattice, Structure

from dao_core.errors import InputError

# moyo warns at every supercell that operations of its primitive cell do not fit the supercell;
# nothing here asks for the operations of the input cell.
logging.getLogger("moyo").setLevel(logging.ERROR)

LADDER = (0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Angstrom: the tolerances that are tried; relaxed structures of a learned potential need 0.1."""
MAX_DISPLACEMENT = 0.2
"""Angstrom: no atom may move further when its crystal is idealised."""
IDEAL_SYMPREC = 1e-3
"""Angstrom: tolerance for crystals that are idealised already."""


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
    tightest tolerance.

    Args:
        structure: an ordered crystal.
        ladder: tolerances, angstrom.
        max_displacement: angstrom.

    Raises:
        InputError: no tolerance gives a symmetry, because atoms lie on top of each other.
    """
    best: tuple[float, SymmetrisedCrystal] | None = None
    for symprec in sorted(ladder, reverse=True):
        dataset = symmetry_dataset(structure, symprec)
        if dataset is None:
            continue
        displacement = _largest_displacement(structure, dataset)
        symmetry = _operations_per_atom(dataset)
        if displacement <= max_displacement and (best is None or symmetry >= best[0]):
            best = (symmetry, _idealised(dataset, symprec, displacement))
    if best is None:
        raise InputError(
            f"no symmetry found for {structure.formula} at tolerances {tuple(ladder)} angstrom; "
            "look for atoms on top of each other"
        )
    return best[1]


def space_group_of(structure: Structure, symprec: float = 0.1) -> tuple[str, int]:
    """Space group symbol and number at one tolerance (angstrom); P1 if none is found."""
    dataset = symmetry_dataset(structure, symprec)
    return ("P1", 1) if dataset is None else (_symbol(dataset.number), dataset.number)


def space_group_number(structure: Structure, symprec: float = 0.1) -> int:
    """Space group number at one tolerance (angstrom); 1 if none is found."""
    return space_group_of(structure, symprec)[1]


def standard_primitive(structure: Structure, symprec: float) -> Structure:
    """The idealised primitive cell in the standard setting of its space group.

    Where no symmetry can be found (atoms on top of each other), the cell is returned as it is.

    Args:
        structure: an ordered crystal.
        symprec: tolerance on positions, angstrom.
    """
    dataset = symmetry_dataset(structure, symprec)
    return structure.copy() if dataset is None else _structure(dataset.prim_std_cell)


def symmetry_dataset(structure: Structure, symprec: float) -> moyopy.MoyoDataset | None:
    """All that moyo knows of a crystal at one tolerance (angstrom), or None if it finds nothing."""
    cell = moyopy.Cell(
        structure.lattice.matrix.tolist(),
        structure.frac_coords.tolist(),
        list(structure.atomic_numbers),
    )
    try:
        return moyopy.MoyoDataset(cell, symprec=symprec)
    except ValueError:
        return None


def _idealised(
    dataset: moyopy.MoyoDataset, symprec: float, displacement: float
) -> SymmetrisedCrystal:
    """The idealised cells and labels of one dataset."""
    conventional = _structure(dataset.std_cell)
    return SymmetrisedCrystal(
        structure=_structure(dataset.prim_std_cell),
        conventional=conventional,
        space_group=_symbol(dataset.number),
        space_group_number=dataset.number,
        wyckoff_sequence=_wyckoff_sequence(conventional),
        symprec=symprec,
        displacement=displacement,
    )


def _operations_per_atom(dataset: moyopy.MoyoDataset) -> float:
    """Operations of the primitive cell over its atoms: grows with every symmetry gained."""
    operations = moyopy.operations_from_number(dataset.number, primitive=True)
    return len(operations) / dataset.prim_std_cell.num_atoms


def _symbol(number: int) -> str:
    """International short symbol without blanks, e.g. ``Fm-3m``."""
    return str(moyopy.SpaceGroupType(number).hm_short).replace(" ", "")


def _wyckoff_sequence(conventional: Structure) -> str:
    """Element, multiplicity and letter of every orbit, sorted by letter, then element."""
    dataset = symmetry_dataset(conventional, IDEAL_SYMPREC)
    if dataset is None:
        return ""
    labels = [
        (dataset.wyckoffs[orbit], conventional[orbit].specie.symbol, multiplicity)
        for orbit, multiplicity in Counter(dataset.orbits).items()
    ]
    return " ".join(f"{element}{count}{letter}" for letter, element, count in sorted(labels))


def _largest_displacement(structure: Structure, dataset: moyopy.MoyoDataset) -> float:
    """Furthest distance of an atom from its idealised site, angstrom.

    With ``x_std = P^-1 (x - p)`` (moyo documentation, "Transformation") the atoms are laid over
    the idealised cell; the nearest site of the same element is theirs.
    """
    shifted = structure.frac_coords - np.array(dataset.std_origin_shift)
    placed = shifted @ np.linalg.inv(np.array(dataset.std_linear)).T
    ideal = _structure(dataset.std_cell)
    distances = ideal.lattice.get_all_distances(placed, ideal.frac_coords)
    numbers = np.array(structure.atomic_numbers)
    distances[numbers[:, None] != np.array(ideal.atomic_numbers)[None, :]] = np.inf
    return float(distances.min(axis=1).max())


def _structure(cell: moyopy.Cell) -> Structure:
    """A moyo cell as a pymatgen structure, wrapped."""
    return Structure(
        Lattice(cell.basis),
        [Element.from_Z(number) for number in cell.numbers],
        cell.positions,
        to_unit_cell=True,
    )
