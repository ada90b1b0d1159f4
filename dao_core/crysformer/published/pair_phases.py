"""What every layer knows about the pairs of a crystal: phases per atom and one scalar per pair.

An edge of the published network holds e_ij = [vec(L L^T), sin(2 pi m d), cos(2 pi m d)] with
d = x_j - x_i and m = 0..F-1 on each axis. With the phase z_i = exp(2 pi i m x_i) the Fourier part
is z_j conj(z_i), so nothing of it has to be stored per pair. Its LayerNorm needs two scalars per
pair (derivation: ``docs/method.md``): the mean, which is one product of per-atom features, and
the variance, which follows from the mean because sin^2 + cos^2 = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LATTICE_PRODUCTS = 9
NORM_EPS = 1e-5
"""The epsilon of the published edge LayerNorm."""


@dataclass(frozen=True)
class PairPhases:
    """Shared by all layers of one forward pass.

    Attributes:
        phases: ``[B, N, 6F]``, (cos, sin) pairs of 2 pi m x, axis by axis, frequency 0 first.
        lattice_products: ``[B, 9]``, L L^T row by row, square angstrom.
        inverse_std: ``[B, N, N]``, 1 / sqrt(var + eps) of the edge vector of pair (i, j).
    """

    phases: Tensor
    lattice_products: Tensor
    inverse_std: Tensor


def pair_phases(frac_coords: Tensor, lattice: Tensor, frequencies: int) -> PairPhases:
    """Phases and edge statistics of ``[B, N, 3]`` coordinates in ``[B, 3, 3]`` lattices."""
    orders = torch.arange(frequencies, device=frac_coords.device, dtype=frac_coords.dtype)
    angle = (2 * math.pi * (frac_coords % 1.0)[..., None] * orders).flatten(-2)
    cos, sin = angle.cos(), angle.sin()
    phases = torch.stack([cos, sin], dim=-1).flatten(-2)
    products = (lattice @ lattice.transpose(1, 2)).flatten(1)
    size = LATTICE_PRODUCTS + phases.shape[-1]
    # sum over m of cos d + sin d, from the addition theorems
    queries = torch.stack([cos - sin, cos + sin], dim=-1).flatten(-2)
    mean = (products.sum(dim=1)[:, None, None] + queries @ phases.transpose(1, 2)) / size
    mean_square = (products.square().sum(dim=1) + 3 * frequencies) / size
    variance = mean_square[:, None, None] - mean.square()
    return PairPhases(phases, products, (variance + NORM_EPS).rsqrt())
