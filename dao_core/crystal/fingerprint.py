"""A cheap, continuous fingerprint of a crystal, to tell crystals apart before matching them."""

from __future__ import annotations

import numpy as np
from pymatgen.core import Structure

NEIGHBOURS = 12
"""Nearest neighbours of each atom that are looked at."""


def fingerprint(structure: Structure, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Mean distance to the k-th nearest neighbour, for the atoms of each element.

    The average minimum distances (AMD) of Widdowson et al., MATCH Commun. Math. Comput. Chem. 87,
    529 (2022), per element and over the cube root of the volume per atom. They do not depend on
    rotation, origin, order or cell, and moving every atom by ``e`` changes none by more than
    ``2 e``. Different crystals can share them; equal crystals cannot differ in them.

    Args:
        structure: an ordered crystal.
        neighbours: ``k``, the number of neighbours.

    Returns:
        ``[elements, k]``, elements in order of atomic number.
    """
    unit = (structure.volume / len(structure)) ** (1 / 3)
    distances = _neighbour_distances(structure, neighbours, start=2.2 * unit)
    numbers = np.array(structure.atomic_numbers)
    return np.array([distances[numbers == z].mean(axis=0) for z in np.unique(numbers)]) / unit


def fingerprint_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Largest difference of two fingerprints; infinite where the numbers of elements differ."""
    return float(np.abs(first - second).max()) if first.shape == second.shape else float("inf")


def _neighbour_distances(structure: Structure, neighbours: int, start: float) -> np.ndarray:
    """Distances ``[N, k]`` of the nearest neighbours, ascending, angstrom."""
    reduced = structure.get_reduced_structure("LLL")
    radius = start
    while True:
        centers, _, _, distances = reduced.get_neighbor_list(radius)
        counts = np.bincount(centers, minlength=len(reduced))
        if counts.min() >= neighbours:
            break
        radius *= 1.5
    order = np.lexsort((distances, centers))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return distances[order][starts[:, None] + np.arange(neighbours)]
