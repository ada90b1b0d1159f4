"""Symmetry: detection over a ladder of tolerances, and idealised cells."""

from __future__ import annotations

import spglib
from pymatgen.core import Element, Lattice, Structure

SpglibCell = tuple[list[list[float]], list[list[float]], list[int]]


def standard_primitive(structure: Structure, symprec: float) -> Structure:
    """The idealised primitive cell in the standard setting of its space group.

    Where spglib finds no symmetry (atoms on top of each other), the cell is returned as it is.

    Args:
        structure: an ordered crystal.
        symprec: tolerance on positions, angstrom.
    """
    try:
        standard = spglib.standardize_cell(_cell(structure), to_primitive=True, symprec=symprec)
    except spglib.SpglibError:
        standard = None
    if standard is None:
        return structure.copy()
    lattice, frac_coords, numbers = standard
    return Structure(
        Lattice(lattice), [Element.from_Z(int(z)) for z in numbers], frac_coords, to_unit_cell=True
    )


def _cell(structure: Structure) -> SpglibCell:
    """Lattice rows, fractional coordinates and atomic numbers, as spglib takes them."""
    return (
        structure.lattice.matrix.tolist(),
        structure.frac_coords.tolist(),
        list(structure.atomic_numbers),
    )
