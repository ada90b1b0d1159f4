"""Heights above many hulls at once: one for each draw of all energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

Array = NDArray[np.float64]

BELOW_ELEMENTS = 1e-6
"""eV/atom; a compound that is no lower below its elements does not lie on the hull."""


def drawn_heights(fractions: Array, energies: Array) -> Array:
    """Height of every crystal above the hull of its own draw, ``[S, N]`` eV/atom, none negative.

    Args:
        fractions: ``[N, E]`` atomic fractions.
        energies: ``[S, N]`` formation energies against the elements, eV/atom; the elements
            themselves are part of every hull, at zero.
    """
    points, place = np.unique(fractions.round(9), axis=0, return_inverse=True)
    place = place.ravel()
    heights = np.empty_like(energies)
    for draw, row in enumerate(energies):
        lowest = np.full(len(points), np.inf)
        np.minimum.at(lowest, place, row)
        heights[draw] = row - _hull_at(points, lowest)[place]
    return np.maximum(heights, 0.0)


def _hull_at(points: Array, lowest: Array) -> Array:
    """Energy of the hull at each composition, ``[P]`` eV/atom."""
    elements = points.shape[1]
    if elements == 1:
        return np.minimum(lowest, 0.0)
    below = np.flatnonzero(lowest < -BELOW_ELEMENTS)
    if not len(below):
        return np.zeros(len(points))
    corners = np.hstack([np.eye(elements)[:, :-1], np.zeros((elements, 1))])
    phases = np.hstack([points[below][:, :-1], lowest[below, None]])
    facets = ConvexHull(np.vstack([corners, phases]), qhull_options="Qt").equations
    lower = facets[facets[:, -2] < -1e-9]
    planes = -(points[:, :-1] @ lower[:, :-2].T + lower[:, -1]) / lower[:, -2]
    hull: Array = planes.max(axis=1)
    return hull
