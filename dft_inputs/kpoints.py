"""k-points from a distance, the same rule for every cell of one level."""

from __future__ import annotations

import math

from pymatgen.core import Structure

from dao_core.errors import InputError


def mesh_from_distance(structure: Structure, distance: float) -> tuple[int, int, int]:
    """Gamma-centred mesh whose points are nowhere further apart than a distance.

    Args:
        structure: Crystal.
        distance: Largest distance between neighbouring k-points, 1/angstrom (with 2 pi).

    Returns:
        Number of points along each reciprocal lattice vector.

    Raises:
        InputError: If the distance is not positive.
    """
    if distance <= 0:
        raise InputError(f"The k-point distance must be positive, not {distance}.")
    lengths = structure.lattice.reciprocal_lattice.abc
    # The small slack keeps a length that is a multiple of the distance from being rounded up by
    # the last bit of a relaxed lattice constant.
    n_a, n_b, n_c = (max(1, math.ceil(length / distance - 1e-6)) for length in lengths)
    return n_a, n_b, n_c
