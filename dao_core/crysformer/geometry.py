"""Distances under periodic boundary conditions, and their smooth basis."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from dao_core.devices import full_precision

_IMAGES = torch.tensor(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)))


def minimum_image_distances(frac_coords: Tensor, lattice: Tensor) -> Tensor:
    """Shortest distance between every ordered pair of atoms, ``[B, N, N]``, angstrom.

    Differences are wrapped to [-1/2, 1/2) and the 27 surrounding images compared, which is exact
    for Niggli-reduced cells. The diagonal holds the shortest lattice vector, the distance of an
    atom to its own nearest image.

    Args:
        frac_coords: ``[B, N, 3]``.
        lattice: ``[B, 3, 3]`` rows, angstrom.
    """
    with full_precision(lattice):
        return _minimum_image_distances(frac_coords, lattice)


def _minimum_image_distances(frac_coords: Tensor, lattice: Tensor) -> Tensor:
    difference = frac_coords[:, None, :, :] - frac_coords[:, :, None, :]
    difference = difference - difference.round()
    images = _IMAGES.to(difference)
    metric = lattice @ lattice.transpose(1, 2)
    # |d + T|^2 = d.G.d + 2 d.G.T + T.G.T: three small products instead of 27 vectors per pair
    projected = torch.einsum("bijx,bxy->bijy", difference, metric)
    own = (projected * difference).sum(-1)
    translation = torch.einsum("tx,bxy,ty->bt", images, metric, images)
    squared = own[..., None] + 2 * projected @ images.T + translation[:, None, None, :]
    n = frac_coords.shape[1]
    same = torch.eye(n, dtype=torch.bool, device=frac_coords.device)[None, :, :, None]
    origin = (images == 0).all(dim=1)[None, None, None, :]
    squared = squared.masked_fill(same & origin, torch.inf)
    return squared.amin(dim=-1).clamp_min(1e-8).sqrt()


class GaussianBasis(nn.Module):
    """Gaussians on an even grid of distances from 0 to ``cutoff`` (angstrom)."""

    centres: Tensor

    def __init__(self, size: int, cutoff: float) -> None:
        super().__init__()
        self.register_buffer("centres", torch.linspace(0.0, cutoff, size), persistent=False)
        self.width = cutoff / (size - 1)

    def forward(self, distances: Tensor) -> Tensor:
        """``[...]`` distances in angstrom to ``[..., size]``."""
        scaled = (distances[..., None] - self.centres) / self.width
        return torch.exp(-0.5 * scaled.square())
