"""Empty space between the lattice planes of a cell: slabs, layers, wires and molecules in boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure

LEAST_VACUUM = 8.0
"""angstrom between a slab or layer and its image from which both count as apart. Layered crystals
have at most half of it between their layers."""


@dataclass(frozen=True)
class Gap:
    """The widest empty space along one axis of a cell.

    Attributes:
        end: fractional coordinate at which it ends.
        width: angstrom, perpendicular to the plane of the other two axes.
    """

    end: float
    width: float


def widest_gap(structure: Structure, axis: int) -> Gap:
    """The widest empty space between planes of atoms along an axis.

    Args:
        structure: a crystal with at least one atom.
        axis: 0, 1 or 2.
    """
    fractions = np.sort(structure.frac_coords[:, axis] % 1.0)
    gaps = np.diff(np.append(fractions, fractions[0] + 1.0))
    widest = int(gaps.argmax())
    plane = np.cross(*np.delete(structure.lattice.matrix, axis, axis=0))
    spacing = structure.volume / float(np.linalg.norm(plane))
    return Gap(float(fractions[(widest + 1) % len(fractions)]), float(gaps[widest] * spacing))


def vacuum_of(structure: Structure) -> float | None:
    """Width of the vacuum in a cell, angstrom, or None where it is filled in all directions."""
    width = max(widest_gap(structure, axis).width for axis in range(3))
    return width if width >= LEAST_VACUUM else None
