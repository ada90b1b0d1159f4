"""Soft directions of a crystal: along which atoms move for the least energy."""

from __future__ import annotations

import numpy as np
import torch
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Potential

STEP = 0.02
"""Angstrom: displacement of the finite differences."""
BATCH_ATOMS = 2048
TRANSLATIONS = 3
"""Modes that move the crystal as a whole."""


def soft_modes(structure: Structure, potential: Potential, number: int) -> np.ndarray:
    """The softest displacement patterns of the cell that are no translations.

    Eigenvectors of the Hessian from forward differences of the forces, the lowest eigenvalues
    first, negative ones (unstable directions) before all. Cells of one atom have none.

    Args:
        structure: near a minimum.
        potential: whose forces are taken.
        number: how many are wanted; a cell of N atoms has ``3 N - 3``.

    Returns:
        ``[M, N, 3]``, each scaled so that the furthest moving atom moves by one.
    """
    n = len(structure)
    hessian = -(_forces(structure, potential) / STEP)
    hessian = (hessian + hessian.T) / 2
    # Translations are projected out: with finite differences they are soft, but not exactly.
    translations = np.tile(np.eye(3), (n, 1)) / np.sqrt(n)
    keep = np.eye(3 * n) - translations @ translations.T
    stiffest = np.abs(hessian).sum(axis=1).max() + 1.0
    values, vectors = np.linalg.eigh(
        keep @ hessian @ keep + stiffest * translations @ translations.T
    )
    order = np.argsort(values)[: min(number, 3 * n - TRANSLATIONS)]
    modes = vectors.T[order].reshape(-1, n, 3)
    return modes / np.linalg.norm(modes, axis=2).max(axis=1)[:, None, None]


def _forces(structure: Structure, potential: Potential) -> np.ndarray:
    """Change of all forces for each displaced coordinate, ``[3 N, 3 N]`` eV/angstrom.

    Where the potential refuses a displaced crystal its row is zero: a direction like any other.
    """
    n = len(structure)
    start = torch.from_numpy(np.array(structure.frac_coords))
    moves = torch.linalg.solve(
        torch.from_numpy(structure.lattice.matrix.copy()),
        STEP * torch.eye(3 * n, dtype=torch.float64).reshape(3 * n, n, 3),
        left=False,
    )
    coords = torch.cat([start[None], start + moves])
    batch = CrystalBatch.from_structures([structure])
    rows = []
    size = max(1, BATCH_ATOMS // n)
    for chunk in coords.split(size):
        crystals = CrystalBatch(
            batch.atomic_numbers.expand(len(chunk), -1),
            chunk.to(batch.frac_coords),
            batch.lattice.expand(len(chunk), -1, -1),
            batch.mask.expand(len(chunk), -1),
        )
        rows.append(potential.evaluate(crystals).forces.detach().double().cpu())
    forces = torch.cat(rows).flatten(1).nan_to_num().numpy()
    return forces[1:] - forces[0]
