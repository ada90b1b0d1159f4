"""Bader charges: electrons within the zero-flux surfaces of the density around each atom.

Bader, Atoms in Molecules (1990). The density of pseudopotentials has no cores, and often no maximum
at a nucleus. A narrow Gaussian of the missing electrons at each atom puts it there without moving
the surfaces between the atoms; only the valence density is integrated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dft_inputs.electrons.attractors import REACH, atomic_radii
from dft_inputs.electrons.basins import find_basins
from dft_inputs.electrons.grid import Grid

CORE_WIDTH = 0.2
"""angstrom, standard deviation of the Gaussian that stands for a core."""
CUTOFF = 6.0
"""Standard deviations beyond which it is nothing."""
SHARED = -1
AT_NUCLEUS = 0.4
"""angstrom between a maximum of the density and the nucleus that it stands for."""


def bader_charges(
    density: Grid, valences: Sequence[float], whole: Grid | None = None
) -> tuple[np.ndarray, float]:
    """Charges of the atoms, and the electrons that belong to none.

    A basin whose maximum lies in a void (beyond the reach of every atom) belongs to no atom. One
    whose maximum lies between atoms that touch, as in silicon, is shared out: each of its points
    goes to the nearest atom.

    Args:
        density: Valence density, 1/angstrom^3.
        valences: Electrons of each atom that the density holds, in the order of the structure.
        whole: Density of all electrons on the same grid, whose surfaces are taken; without it
            Gaussians stand for the cores.

    Returns:
        Charges ``[n]`` in units of e, positive for cations; electrons in voids. Their difference is
        zero.
    """
    structure = density.structure
    if whole is None:
        cores = [site.specie.Z - v for site, v in zip(structure, valences, strict=True)]
        whole = Grid(structure, density.values + _cores(density, cores))
    basins = find_basins(whole)
    distances = structure.lattice.get_all_distances(basins.frac_coords, structure.frac_coords)
    owner = np.where(distances.min(axis=1) < AT_NUCLEUS, distances.argmin(axis=1), SHARED)
    owner[(distances / atomic_radii(structure)).min(axis=1) > REACH] = len(structure)
    atom = owner[basins.labels]
    shared = atom == SHARED
    if shared.any():
        points = density.frac_coords()[shared.ravel()]
        away = structure.lattice.get_all_distances(points, structure.frac_coords)
        atom[shared] = away.argmin(axis=1)
    electrons = density.integrals(atom, len(structure) + 1)
    return np.asarray(valences) - electrons[:-1], float(electrons[-1])


def _cores(grid: Grid, electrons: Sequence[float]) -> np.ndarray:
    """Gaussians of so many electrons at the atoms, on the grid, 1/angstrom^3."""
    lattice, shape = grid.structure.lattice, np.array(grid.values.shape)
    total = np.zeros(grid.values.shape)
    reach = np.ceil(CUTOFF * CORE_WIDTH / np.array(lattice.abc) * shape).astype(int) + 1
    reach = np.minimum(reach, shape // 2)
    around = np.stack(
        np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1
    ).reshape(-1, 3)
    height = (2 * np.pi * CORE_WIDTH**2) ** -1.5
    for site, number in zip(grid.structure, electrons, strict=True):
        points = np.rint(site.frac_coords * shape).astype(int) + around
        away = lattice.get_cartesian_coords(points / shape - site.frac_coords)
        weight = height * np.exp(-(away**2).sum(axis=1) / (2 * CORE_WIDTH**2))
        np.add.at(total, tuple((points % shape).T), number * weight)
    return total
