"""k-points from a distance, the same rule for every cell of one level."""

from __future__ import annotations

import math

import numpy as np
from pymatgen.core import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from pymatgen.symmetry.bandstructure import HighSymmKpath

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


def band_path(
    structure: Structure, line_density: int = 20
) -> tuple[Structure, np.ndarray, list[str]]:
    """High-symmetry path through the Brillouin zone (Setyawan and Curtarolo, 2010).

    Args:
        structure: Crystal; its standard primitive cell is the one that the path belongs to.
        line_density: Points per 1/angstrom.

    Returns:
        The standard primitive cell, the k-points ``[n, 3]`` in its reciprocal fractional
        coordinates, and one label per point (empty between the corners).
    """
    primitive = SpacegroupAnalyzer(structure).get_primitive_standard_structure(
        international_monoclinic=False
    )
    path = HighSymmKpath(primitive)
    points, labels = path.get_kpoints(line_density=line_density, coords_are_cartesian=False)
    return path.prim, np.array(points), [label or "" for label in labels]
