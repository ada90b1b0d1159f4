"""A function on the periodic grid of a crystal, as pp.x and VASP write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.io.cube import read_cube_data
from pymatgen.core import Lattice, Structure
from scipy.signal import resample

from dao_core.units import BOHR_ANGSTROM
from dft_inputs.errors import TruncatedOutputError


@dataclass(frozen=True)
class Grid:
    """Values of a function over one cell.

    Attributes:
        structure: The crystal.
        values: ``[nx, ny, nz]``, the first point at the origin of the cell, no point twice.
    """

    structure: Structure
    values: np.ndarray

    @property
    def voxel(self) -> float:
        """Volume that belongs to a point, cubic angstrom."""
        return float(self.structure.volume / self.values.size)

    def frac_coords(self) -> np.ndarray:
        """Fractional coordinates of the points ``[nx * ny * nz, 3]``."""
        axes = [np.arange(n) / n for n in self.values.shape]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)

    def resampled(self, shape: Sequence[int]) -> Grid:
        """The same function on another grid, its integral kept: by its Fourier components.

        Args:
            shape: Points along each axis.
        """
        values = self.values
        for axis, number in enumerate(shape):
            if values.shape[axis] != number:
                values = resample(values, number, axis=axis)
        return Grid(self.structure, values)

    def integrals(self, labels: np.ndarray, n_basins: int) -> np.ndarray:
        """Integral over each basin ``[n_basins]``; for densities in 1/angstrom^3, electrons.

        Args:
            labels: ``[nx, ny, nz]``, the basin of each point.
            n_basins: Number of basins.
        """
        return np.bincount(labels.ravel(), self.values.ravel(), minlength=n_basins) * self.voxel


def read_cube(file: Path, structure: Structure, *, density: bool = False) -> Grid:
    """Read a Gaussian cube file.

    Args:
        file: The file.
        structure: The crystal, whose coordinates are not rounded.
        density: Whether the values are per cubic bohr; they are then converted to 1/angstrom^3.

    Raises:
        TruncatedOutputError: If the file is no whole cube file of this crystal.
    """
    try:
        values, atoms = read_cube_data(str(file))
    except (ValueError, IndexError) as error:
        raise TruncatedOutputError(f"{file} is not a whole cube file: {error}") from error
    if not np.allclose(Lattice(atoms.cell.array).volume, structure.volume, rtol=1e-3):
        raise TruncatedOutputError(f"{file} is not of the cell of {structure.formula}.")
    return Grid(structure, np.asarray(values) / BOHR_ANGSTROM**3 if density else np.asarray(values))
