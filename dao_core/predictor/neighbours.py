"""Neighbour vectors of periodic crystals: every pair of atoms within the cutoff, images included.

The list is complete for any lattice, reduced or not, because the number of images along an axis
follows from the height of the cell over that axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch


@dataclass(frozen=True)
class Neighbours:
    """Half the neighbour list: one of each pair of opposite edges (i, j, T) and (j, i, -T).

    Attributes:
        vectors: ``[E, 3]`` from atom i to the image of atom j, angstrom.
        crystal: ``[E]`` index of the crystal.
        first: ``[E]`` atom i.
        second: ``[E]`` atom j.
    """

    vectors: Tensor
    crystal: Tensor
    first: Tensor
    second: Tensor


def half_neighbours(batch: CrystalBatch, cutoff: float) -> Neighbours:
    """Neighbours closer than ``cutoff`` angstrom, each undirected edge once."""
    with torch.no_grad():
        crystal, translation = lattice_translations(batch.lattice, cutoff)
        wrapped = batch.frac_coords - batch.frac_coords.floor()
        cart = wrapped @ batch.lattice
        shift = (translation[:, None, :] @ batch.lattice[crystal])[:, 0]
        vectors = cart[crystal, None, :, :] - cart[crystal, :, None, :] + shift[:, None, None, :]
        near = vectors.square().sum(-1) < cutoff**2
        near &= _one_of_each_pair(translation, batch.mask.shape[1])
        near &= (batch.mask[:, :, None] & batch.mask[:, None, :])[crystal]
        entry, first, second = near.nonzero(as_tuple=True)
        return Neighbours(vectors[entry, first, second], crystal[entry], first, second)


def lattice_translations(lattice: Tensor, cutoff: float) -> tuple[Tensor, Tensor]:
    """Translations that can bring two atoms of a cell within ``cutoff``.

    Args:
        lattice: ``[B, 3, 3]`` rows, angstrom.
        cutoff: angstrom.

    Returns:
        crystal index ``[M]`` and integer translations ``[M, 3]`` (floating dtype), grouped by
        crystal.
    """
    reach = images_per_axis(lattice, cutoff)
    span = 2 * reach + 1
    counts = span.prod(dim=1)
    crystal = torch.repeat_interleave(torch.arange(len(lattice), device=lattice.device), counts)
    first = torch.cumsum(counts, 0) - counts
    position = torch.arange(len(crystal), device=lattice.device) - first[crystal]
    spans, reaches = span[crystal], reach[crystal]
    z = position % spans[:, 2]
    y = position // spans[:, 2] % spans[:, 1]
    x = position // (spans[:, 2] * spans[:, 1])
    translation = torch.stack([x, y, z], dim=1) - reaches
    return crystal, translation.to(lattice.dtype)


def images_per_axis(lattice: Tensor, cutoff: float) -> Tensor:
    """Images on either side along each axis for coordinates wrapped to [0, 1), ``[B, 3]`` int64.

    The height of the cell over axis a is 1 / |a*|, the length of a reciprocal vector (crystal
    convention), and two atoms of one cell differ by less than one height.
    """
    heights = 1.0 / torch.linalg.inv(lattice).norm(dim=1)
    return torch.ceil(cutoff / heights).long()


def _one_of_each_pair(translation: Tensor, natoms: int) -> Tensor:
    """``[M, N, N]``: i < j, or i = j with a translation of positive first non-zero component."""
    weights = translation.new_tensor([1e8, 1e4, 1.0])
    positive = (translation @ weights) > 0
    atoms = torch.arange(natoms, device=translation.device)
    upper = atoms[:, None] < atoms[None, :]
    same = atoms[:, None] == atoms[None, :]
    return upper[None] | (same[None] & positive[:, None, None])
