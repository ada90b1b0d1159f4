"""Cheap, continuous fingerprints of a crystal, to tell crystals apart before matching them.

:func:`fingerprint` does not see which element a neighbour is: crystals that differ in it are
different, but those that agree may be two orderings of one lattice (a Heusler and an inverse
Heusler alloy). It passes over pairs that need no matching. :func:`coloured_fingerprint` sees the
elements, and says what is the same where nothing else is asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

NEIGHBOURS = 12
"""Nearest neighbours of each atom that are looked at."""
SHELLS = ((0, 1), (1, 2), (2, 4), (4, 6), (6, 9), (9, 12))
"""Neighbours of each element whose distances are averaged. Six neighbours are too few: CuAu layers
of fcc differ from the lattice of chalcopyrite in the second shell, from the ninth on."""
REACH = 1.2
"""Where neighbours are first looked for, in units of the distance that holds enough of them on
average: seldom too near, seldom far too many."""

Floats = NDArray[np.float64]


def fingerprint(structure: Structure, neighbours: int = NEIGHBOURS) -> Floats:
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
    one_kind = np.zeros(len(structure), dtype=np.int64)
    distances = _nearest(structure, one_kind, neighbours)
    return _means(structure, distances)[:, 0]


def coloured_fingerprint(structure: Structure) -> Floats:
    """Mean distances of each element's atoms to their nearest neighbours of each element.

    As :func:`fingerprint`, but a neighbour's element counts, so that orderings of one lattice
    differ.

    Args:
        structure: an ordered crystal.

    Returns:
        ``[elements, elements, shells]`` over the cube root of the volume per atom: of the atoms of
        the first element to those of the second, both in order of atomic number, averaged over the
        neighbours of each of :data:`SHELLS`.
    """
    _, kinds = np.unique(structure.atomic_numbers, return_inverse=True)
    distances = _means(structure, _nearest(structure, kinds, SHELLS[-1][1]))
    shells = [distances[..., first:end].mean(axis=-1) for first, end in SHELLS]
    return np.stack(shells, axis=-1)


def fingerprint_distance(first: Floats, second: Floats) -> float:
    """Largest difference of two fingerprints; infinite where the numbers of elements differ."""
    return float(np.abs(first - second).max()) if first.shape == second.shape else float("inf")


def _means(structure: Structure, distances: Floats) -> Floats:
    """Means ``[elements, kinds, k]`` of distances ``[N, kinds, k]``, without unit."""
    unit = (structure.volume / len(structure)) ** (1 / 3)
    numbers = np.array(structure.atomic_numbers)
    return np.array([distances[numbers == z].mean(axis=0) for z in np.unique(numbers)]) / unit


def _nearest(structure: Structure, kinds: NDArray[np.int64], neighbours: int) -> Floats:
    """Distances ``[N, kinds, k]`` of the nearest neighbours of each kind, ascending, angstrom."""
    reduced = structure.get_reduced_structure("LLL")  # keeps the order of the atoms
    counts = np.bincount(kinds)
    groups = len(reduced) * len(counts)
    rarest = reduced.volume / counts.min()
    radius = REACH * (neighbours * rarest * 3 / (4 * np.pi)) ** (1 / 3)
    while True:
        centers, points, _, distances = reduced.get_neighbor_list(radius)
        group = centers * len(counts) + kinds[points]
        found = np.bincount(group, minlength=groups)
        if found.min() >= neighbours:
            break
        radius *= 1.5
    order = np.lexsort((distances, group))
    starts = np.concatenate([[0], np.cumsum(found)[:-1]])
    nearest: Floats = distances[order][starts[:, None] + np.arange(neighbours)]
    return nearest.reshape(len(reduced), len(counts), neighbours)
