"""Compositions as classes of atoms, so that crystals of one stoichiometry can be compared.

A class is the atoms of one element. Classes are ordered by their number of atoms, equal ones by
atomic number, so that ``Ca Ti O3`` has the counts (1, 1, 3) with its elements Ca, Ti, O.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def classes_of(
    atomic_numbers: Sequence[int] | NDArray[np.int64],
) -> tuple[NDArray[np.int64], tuple[int, ...], NDArray[np.int64]]:
    """Elements ``[k]`` and counts of the classes of a cell, and the class of each atom ``[n]``."""
    elements, atoms, counts = np.unique(atomic_numbers, return_inverse=True, return_counts=True)
    order = np.lexsort((elements, counts))
    return elements[order], tuple(int(n) for n in counts[order]), np.argsort(order)[atoms]


@cache
def assignments(counts: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Every way to put the classes of a composition on classes of the same counts.

    ``p[c]`` is the class of the composition whose element sits on class ``c`` of the prototype.
    """
    kinds = range(len(counts))
    return tuple(
        p for p in itertools.permutations(kinds) if all(counts[p[c]] == counts[c] for c in kinds)
    )


def permuted(
    fingerprint: NDArray[np.floating[Any]], assignment: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """A coloured fingerprint ``[..., k, k, n]`` with its classes in another order.

    Class ``c`` of the result is class ``assignment[c]`` of the one given.
    """
    order = np.asarray(assignment)
    return fingerprint[..., order[:, None], order[None, :], :]
