"""Guards: geometries that no potential should be asked about."""

from __future__ import annotations

import itertools

import torch
from ase.data import covalent_radii
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch

MIN_DISTANCE_FACTOR = 0.4
"""Shortest distance over the sum of covalent radii. Relaxed crystals stay above 0.6, candidates
worth relaxing above 0.5; below this every potential extrapolates."""
MAX_VOLUME_CHANGE = 4.0
"""A cell that grows or shrinks by more than this factor has exploded or collapsed."""

_IMAGES = torch.tensor(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)), dtype=torch.float64)
_RADII = torch.as_tensor(covalent_radii, dtype=torch.float64)


def too_close(batch: CrystalBatch) -> Tensor:
    """Which crystals have two atoms (or an atom and its image) on top of each other, ``[B]``.

    The 27 nearest images are searched, which suffices for cells that are not badly sheared.
    """
    frac_coords = batch.frac_coords
    difference = frac_coords[:, :, None] - frac_coords[:, None]
    difference = difference - difference.round()
    vectors = difference @ batch.lattice[:, None]
    images = _IMAGES.to(batch.lattice) @ batch.lattice
    # |d + R|^2 = |d|^2 + 2 d.R + |R|^2 without a tensor of all vectors.
    squared = (vectors**2).sum(-1)[..., None] + 2 * vectors @ images.mT[:, None]
    squared = squared + (images**2).sum(-1)[:, None, None]
    itself = torch.eye(frac_coords.shape[1], dtype=torch.bool, device=squared.device)
    squared[:, itself, len(_IMAGES) // 2] = torch.inf
    radii = _RADII.to(squared.device)[batch.atomic_numbers]
    limit = MIN_DISTANCE_FACTOR * (radii[:, :, None] + radii[:, None])
    pair = batch.mask[:, :, None] & batch.mask[:, None]
    return ((squared.amin(dim=-1) < limit**2) & pair).flatten(1).any(dim=1)


def volume_ran_away(volume: Tensor, initial_volume: Tensor) -> Tensor:
    """Which cells exploded or collapsed, ``[B]``."""
    ratio = volume / initial_volume
    return (ratio > MAX_VOLUME_CHANGE) | (ratio < 1 / MAX_VOLUME_CHANGE) | ~torch.isfinite(ratio)
