"""A cheap number list by which most different structures are told apart without matching them."""

from __future__ import annotations

import numpy as np
from pymatgen.core import Structure

NEIGHBOURS = 6


def fingerprint(structure: Structure) -> list[float]:
    """Mean distances from atoms of one element to their nearest atoms of another.

    The average minimum distances of Widdowson et al., MATCH 87 (2022) 529, resolved by pairs of
    elements: for each pair the k-th number is the mean over all atoms of the first element of the
    distance to the k-th nearest atom of the second, in units of the cube root of the volume per
    atom. It does not depend on cell, origin or order, and changes continuously with positions.

    Args:
        structure: ordered crystal of n elements.

    Returns:
        ``n * n * NEIGHBOURS`` numbers without unit, rounded to 1e-4; elements by atomic number.
    """
    scale = (structure.volume / len(structure)) ** (1 / 3)
    numbers = np.array(structure.atomic_numbers)
    rows = []
    for element in np.unique(numbers):
        nearest = _nearest(structure, numbers == element, 2.0 * scale)
        rows += [nearest[numbers == centre].mean(axis=0) for centre in np.unique(numbers)]
    return (np.concatenate(rows) / scale).round(4).tolist()


def fingerprint_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The largest difference between two fingerprints of one composition."""
    return float(np.abs(first - second).max())


def _nearest(structure: Structure, chosen: np.ndarray, radius: float) -> np.ndarray:
    """Distances ``[N, NEIGHBOURS]`` of every atom to its nearest chosen ones, angstrom.

    Args:
        structure: the crystal.
        chosen: ``[N]`` booleans.
        radius: where to begin searching; widened until every atom has enough, angstrom.
    """
    while True:
        centres, neighbours, _, distances = structure.get_neighbor_list(radius)
        kept = chosen[neighbours]
        centres, distances = centres[kept], distances[kept]
        counts = np.bincount(centres, minlength=len(structure))
        if counts.min() >= NEIGHBOURS:
            break
        radius *= 1.4
    order = np.lexsort((distances, centres))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return distances[order][starts[:, None] + np.arange(NEIGHBOURS)]
