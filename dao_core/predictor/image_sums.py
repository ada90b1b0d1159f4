"""Image sums: the geometry of a crystal as dense pair features, summed over lattice images.

For every ordered pair (i, j), radial functions times 1, the unit vector and its outer product are
summed over all images of j within the cutoff. Everything downstream is linear in these sums before
it is pooled per atom, so a supercell, another cell or another origin gives the same atom features.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from ase.data import covalent_radii
from torch import Tensor, nn

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER, CrystalBatch
from dao_core.predictor.neighbours import Neighbours

FLOOR = 0.5
FLOOR_SHARPNESS = 20.0
"""Distances below half a bond length look alike to the network: there the repulsion rules."""


@dataclass(frozen=True)
class PairGeometry:
    """Distances of the half neighbour list in angstrom and in bond lengths.

    Attributes:
        distance: ``[E]`` angstrom.
        contact: ``[E]`` sum of the two covalent radii, angstrom.
        floored: ``[E]`` distance over contact, smoothly kept above :data:`FLOOR`.
    """

    distance: Tensor
    contact: Tensor
    floored: Tensor


@dataclass(frozen=True)
class ImageSums:
    """Dense pair features.

    Attributes:
        scalar: ``[B, 2K, 1, N, N]`` radial sums.
        vector: ``[B, K, 3, N, N]`` sums times the unit vector from i to j.
        tensor: ``[B, K, 6, N, N]`` sums times its traceless outer product (xx, yy, zz, and
            yz, xz, xy times the square root of 2, so that a plain dot product is the Frobenius
            product).
    """

    scalar: Tensor
    vector: Tensor
    tensor: Tensor


class PairScales(nn.Module):
    """Covalent radii as a lookup, and the distances measured with them."""

    radii: Tensor

    def __init__(self) -> None:
        super().__init__()
        radii = torch.tensor(covalent_radii[: MAX_ATOMIC_NUMBER + 1], dtype=torch.float32)
        self.register_buffer("radii", radii, persistent=False)

    def forward(self, batch: CrystalBatch, edges: Neighbours, vectors: Tensor) -> PairGeometry:
        """Measure ``vectors`` ``[E, 3]`` of ``edges``."""
        radii = self.radii.to(vectors.dtype)[batch.atomic_numbers]
        contact = radii[edges.crystal, edges.first] + radii[edges.crystal, edges.second]
        distance = (vectors.square().sum(-1) + 1e-12).sqrt()
        excess = distance / contact - FLOOR
        floored = FLOOR + nn.functional.softplus(excess, beta=FLOOR_SHARPNESS, threshold=40.0)
        return PairGeometry(distance, contact, floored)


class ImageSummer(nn.Module):
    """Radial basis, angular moments and their sums over images.

    Half of the radial functions see the distance in angstrom (spherical Bessel functions of order
    zero), half see it in bond lengths (Gaussians), which carries over between elements.
    """

    orders: Tensor
    centres: Tensor

    def __init__(self, radial: int, cutoff: float) -> None:
        super().__init__()
        self.cutoff = cutoff
        self.radial = radial
        self.register_buffer("orders", math.pi * torch.arange(1, radial + 1.0), persistent=False)
        self.register_buffer("centres", torch.linspace(0.65, 2.1, radial), persistent=False)
        self.spacing = 1.45 / (radial - 1)

    def forward(
        self, shape: tuple[int, int], edges: Neighbours, vectors: Tensor, geometry: PairGeometry
    ) -> ImageSums:
        """Sum over images.

        Args:
            shape: ``(B, N)``.
            edges: the half neighbour list.
            vectors: ``[E, 3]`` angstrom, from which gradients flow.
            geometry: distances of ``vectors``.
        """
        b, n = shape
        k = self.radial
        envelope = smooth_cutoff(geometry.distance / self.cutoff)[:, None]
        floored = (geometry.floored * geometry.contact)[:, None]
        bessel = torch.sin(self.orders * floored / self.cutoff) / floored * envelope
        offset = (geometry.floored[:, None] - self.centres) / self.spacing
        gauss = torch.exp(-0.5 * offset.square()) * envelope
        unit = vectors / floored
        moments = torch.cat([unit, _traceless_square(unit)], dim=1)
        angular = (gauss[:, :, None] * moments[:, None, :]).flatten(1)
        rows = torch.cat([bessel, gauss, angular], dim=1)
        pair = (edges.crystal * n + edges.first) * n + edges.second
        half = vectors.new_zeros(b * n * n, rows.shape[1]).index_add(0, pair, rows)
        half = half.view(b, n, n, -1).permute(0, 3, 1, 2)
        mirrored = half.transpose(2, 3)
        even, odd = half + mirrored, half[:, 2 * k :] - mirrored[:, 2 * k :]
        return ImageSums(
            even[:, : 2 * k, None].contiguous(),
            odd.view(b, k, 9, n, n)[:, :, :3].contiguous(),
            even[:, 2 * k :].view(b, k, 9, n, n)[:, :, 3:].contiguous(),
        )


def smooth_cutoff(x: Tensor) -> Tensor:
    """1 at x = 0, 0 beyond x = 1, with two continuous derivatives (p = 5; Gasteiger, ICLR 2020)."""
    x = x.clamp(max=1.0)
    return 1 - 21 * x**5 + 35 * x**6 - 15 * x**7


def _traceless_square(unit: Tensor) -> Tensor:
    """``[E, 3]`` to the six numbers of ``u u^T - |u|^2 / 3``, ``[E, 6]``."""
    diagonal = unit.square()
    diagonal = diagonal - diagonal.mean(dim=1, keepdim=True)
    mixed = unit[:, (1, 0, 0)] * unit[:, (2, 2, 1)] * math.sqrt(2.0)
    return torch.cat([diagonal, mixed], dim=1)
