"""Basins of attraction on a periodic grid: which maximum steepest ascent leads to.

After Henkelman, Arnaldsson and Jonsson, Comput. Mater. Sci. 36, 354 (2006), for all points at once.
Kept libraries do not fit: baderkit pins pymatgen to 2025, pybader ended in 2020, and pymatgen's own
class runs a program that this project would have to install.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from dft_inputs.electrons.grid import Grid

NEIGHBOURS = tuple(shift for shift in itertools.product((-1, 0, 1), repeat=3) if any(shift))


@dataclass(frozen=True)
class Basins:
    """The maxima of a grid and the points that belong to each.

    Attributes:
        labels: ``[nx, ny, nz]`` int, index of the maximum of each point.
        frac_coords: ``[n, 3]`` of the maxima, the highest first.
        heights: ``[n]``, the values there.
        saddles: ``[n]``, the highest value at which a basin touches another, -inf for a single one.
    """

    labels: np.ndarray
    frac_coords: np.ndarray
    heights: np.ndarray
    saddles: np.ndarray

    def __len__(self) -> int:
        return len(self.heights)


def find_basins(grid: Grid, prominence: float = 0.0) -> Basins:
    """The basins of a grid.

    Args:
        grid: The function.
        prominence: A maximum that rises less above its highest saddle is noise of the grid, and its
            basin joins the one beyond that saddle, the least prominent first.
    """
    roots = _ascend(grid)
    points = np.unique(roots)
    points = points[np.argsort(-grid.values.ravel()[points], kind="stable")]
    place = np.empty(grid.values.size, dtype=int)
    place[points] = np.arange(len(points))
    labels = place[roots].reshape(grid.values.shape)
    heights = grid.values.ravel()[points]
    saddles = _saddles(grid.values, labels, len(points))
    chosen = _merge(heights, saddles, prominence)
    kept = np.flatnonzero(chosen == np.arange(len(points)))
    order = np.full(len(points), -1)
    order[kept] = np.arange(len(kept))
    merged = order[chosen][labels]
    left = _saddles(grid.values, merged, len(kept))
    return Basins(
        labels=merged,
        frac_coords=grid.frac_coords()[points[kept]],
        heights=heights[kept],
        saddles=left.max(axis=1, initial=-np.inf),
    )


def _ascend(grid: Grid) -> np.ndarray:
    """Index of the maximum that each point's steepest ascent over its 26 neighbours leads to."""
    values = grid.values
    steps = grid.structure.lattice.matrix / np.array(values.shape)[:, None]
    indices = np.arange(values.size).reshape(values.shape)
    best, target = np.zeros(values.shape), indices.copy()
    for shift in NEIGHBOURS:
        back = tuple(-s for s in shift)
        slope = np.roll(values, back, axis=(0, 1, 2)) - values
        slope /= np.linalg.norm(shift @ steps)
        steeper = slope > best
        best[steeper] = slope[steeper]
        target[steeper] = np.roll(indices, back, axis=(0, 1, 2))[steeper]
    pointers = target.ravel()
    while True:
        # Every pass doubles the length of the ways that are followed.
        further = pointers[pointers]
        if np.array_equal(further, pointers):
            return pointers
        pointers = further


def _saddles(values: np.ndarray, labels: np.ndarray, n_basins: int) -> np.ndarray:
    """Highest value at which two basins touch ``[n, n]``; -inf where they do not."""
    saddles = np.full((n_basins, n_basins), -np.inf)
    for shift in NEIGHBOURS[: len(NEIGHBOURS) // 2]:
        other = np.roll(labels, shift, axis=(0, 1, 2))
        border = labels != other
        lower = np.minimum(values, np.roll(values, shift, axis=(0, 1, 2)))[border]
        pair = (labels[border], other[border])
        np.maximum.at(saddles, pair, lower)
    return np.maximum(saddles, saddles.T)


def _merge(heights: np.ndarray, saddles: np.ndarray, prominence: float) -> np.ndarray:
    """For each maximum the one whose basin it joins, itself where it stays."""
    chosen = np.arange(len(heights))
    saddles = saddles.copy()
    rise = heights - saddles.max(axis=1, initial=-np.inf)
    # The highest maximum stays; of equal ones the first.
    rise[:1] = np.inf
    while len(rise) and rise.min() < prominence:
        low = int(rise.argmin())
        into = int(saddles[low].argmax())
        if heights[into] < heights[low]:
            rise[low] = np.inf
            continue
        chosen[chosen == low] = into
        saddles[into] = np.maximum(saddles[into], saddles[low])
        saddles[:, into] = saddles[into]
        saddles[into, into] = -np.inf
        saddles[low], saddles[:, low] = -np.inf, -np.inf
        rise[low] = np.inf
        if into:
            rise[into] = heights[into] - saddles[into].max()
    return chosen
