"""A plane through a grid, for pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, Field
from scipy.ndimage import map_coordinates

from dft_inputs.electrons.grid import Grid

SIDE = 8.0
"""angstrom, edge of the square that is shown."""
POINTS = 65
IN_PLANE = 0.3
"""angstrom from the plane within which an atom is marked."""


class GridSlice(BaseModel):
    """Values on a square; the point that it was laid through is in the middle."""

    side: float = Field(description="Edge, angstrom")
    values: list[list[float]] = Field(description="[points, points], rows along the second axis")
    normal: tuple[float, float, float] = Field(description="Cartesian unit vector")
    atoms: list[tuple[str, float, float]] = Field(
        description="Symbol and position of atoms in the plane, angstrom from the middle"
    )


def slice_through(grid: Grid, frac_coords: Sequence[float]) -> GridSlice:
    """The plane through a point and the two atoms nearest to it that are not in line with it.

    Args:
        grid: The function.
        frac_coords: The point.
    """
    lattice = grid.structure.lattice
    centre = lattice.get_cartesian_coords(frac_coords)
    first, second = _axes(grid, centre)
    along = np.linspace(-SIDE / 2, SIDE / 2, POINTS)
    points = centre + along[None, :, None] * first + along[:, None, None] * second
    index = lattice.get_fractional_coords(points) * grid.values.shape
    values = map_coordinates(grid.values, np.moveaxis(index, -1, 0), order=1, mode="grid-wrap")
    normal = np.cross(first, second)
    return GridSlice(
        side=SIDE,
        values=np.round(values, 4).tolist(),
        normal=tuple(normal.tolist()),
        atoms=_atoms_in_plane(grid, centre, first, second),
    )


def _axes(grid: Grid, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two perpendicular unit vectors of the plane."""
    radius = SIDE / 2
    vectors: list[np.ndarray] = []
    while len(vectors) < 2:
        radius *= 1.5
        sites = grid.structure.get_sites_in_sphere(centre, radius)
        away = sorted((s.coords - centre for s in sites), key=lambda v: round(np.linalg.norm(v), 3))
        away = [v / np.linalg.norm(v) for v in away if np.linalg.norm(v) > 0.1]
        vectors = away[:1] + [v for v in away[1:] if np.linalg.norm(np.cross(v, away[0])) > 0.3][:1]
    first, second = vectors
    second = second - (second @ first) * first
    return first, second / np.linalg.norm(second)


def _atoms_in_plane(
    grid: Grid, centre: np.ndarray, first: np.ndarray, second: np.ndarray
) -> list[tuple[str, float, float]]:
    normal, found = np.cross(first, second), []
    for site in grid.structure.get_sites_in_sphere(centre, SIDE):
        away = site.coords - centre
        x, y = float(away @ first), float(away @ second)
        if abs(away @ normal) < IN_PLANE and max(abs(x), abs(y)) <= SIDE / 2:
            found.append((site.specie.symbol, round(x, 4), round(y, 4)))
    return found
