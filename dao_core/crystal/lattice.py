"""Every basis of shortest vectors of a lattice, and the lengths and angles of many bases."""

from __future__ import annotations

import itertools

import numpy as np

TIE_TOLERANCE = 0.02
"""Angstrom: vectors whose lengths differ by less are taken as equally short."""


def shortest_bases(matrix: np.ndarray, tolerance: float = TIE_TOLERANCE) -> np.ndarray:
    """Every basis made of the shortest lattice vectors, both hands.

    The lengths of each basis are the successive minima of the lattice (Minkowski-reduced in three
    dimensions), up to ``tolerance``, so that a nearly degenerate lattice yields all the bases
    which noise could choose between.

    Args:
        matrix: ``[3, 3]`` lattice vectors as rows, angstrom, already LLL- or Niggli-reduced.
        tolerance: angstrom.

    Returns:
        ``[M, 3, 3]`` integer matrices; ``integers @ matrix`` is a basis.
    """
    grid = np.array([v for v in itertools.product(range(-2, 3), repeat=3) if any(v)])
    lengths = np.linalg.norm(grid @ matrix, axis=1)
    minima = successive_minima(grid, lengths)
    first, second, third = (grid[lengths <= minimum + tolerance] for minimum in minima)
    pairs = np.array([(a, b) for a, b in itertools.product(first, second) if np.cross(a, b).any()])
    bases = np.concatenate(
        [
            np.repeat(pairs[:, None], len(third), axis=1),
            np.broadcast_to(third[None, :, None], (len(pairs), len(third), 1, 3)),
        ],
        axis=2,
    ).reshape(-1, 3, 3)
    return bases[np.abs(np.rint(np.linalg.det(bases))) == 1]


def successive_minima(vectors: np.ndarray, lengths: np.ndarray) -> tuple[float, float, float]:
    """Lengths of the three shortest linearly independent vectors.

    Args:
        vectors: ``[K, 3]`` integer lattice vectors spanning space.
        lengths: ``[K]`` their lengths, angstrom.
    """
    order = np.argsort(lengths, kind="stable")
    chosen: list[np.ndarray] = []
    minima: list[float] = []
    for index in order:
        trial = [*chosen, vectors[index]]
        if np.linalg.matrix_rank(np.array(trial)) == len(trial):
            chosen = trial
            minima.append(float(lengths[index]))
        if len(minima) == 3:
            break
    return minima[0], minima[1], minima[2]


def metric_parameters(bases: np.ndarray) -> np.ndarray:
    """Lengths (angstrom) and angles (degrees) of many bases at once.

    Args:
        bases: ``[M, 3, 3]`` lattice vectors as rows.

    Returns:
        ``[M, 6]``: a, b, c, alpha, beta, gamma.
    """
    lengths = np.linalg.norm(bases, axis=2)
    unit = bases / lengths[:, :, None]
    cosines = np.stack(
        [(unit[:, i] * unit[:, j]).sum(axis=1) for i, j in ((1, 2), (0, 2), (0, 1))], axis=1
    )
    return np.concatenate([lengths, np.degrees(np.arccos(np.clip(cosines, -1, 1)))], axis=1)
