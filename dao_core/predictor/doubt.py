"""Uncertainty: what error to expect, learned from errors on labels the network never saw.

The spread of heads on one backbone turned out an order of magnitude too small and hardly related
to the error (rank correlation 0.18 on held-out formulas), so it is one input among others here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SMALLEST_SPREAD = 1e-5
STRESS_SCALE = 100.0
"""Brings stresses in eV/angstrom^3 to the size of forces in eV/angstrom."""
DESCRIPTORS = 3
"""Numbers per crystal beside the pooled atom features."""


class Doubt(nn.Module):
    """Expected absolute error of the energy per atom from everything the model knows.

    Its parameters are fitted after the network's, on other labels
    (``dao_core/training/predictor_doubt.py``); ``offset`` is the calibration.
    """

    offset: Tensor

    def __init__(self, width: int, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * width + DESCRIPTORS, hidden), nn.SiLU(), nn.Linear(hidden, 1)
        )
        self.register_buffer("offset", torch.tensor(0.0))

    def forward(self, descriptors: Tensor) -> Tensor:
        """Logarithm of the expected absolute error in eV/atom, ``[B]``."""
        return self.layers(descriptors).squeeze(-1) + self.offset

    def energy_std(self, descriptors: Tensor) -> Tensor:
        """Standard deviation, ``[B]`` eV/atom: sqrt(2) x the mean error of a Laplace law."""
        return 2**0.5 * self(descriptors).exp()


def pooled(features: Tensor, mask: Tensor) -> Tensor:
    """Mean and standard deviation over the atoms of each crystal, ``[B, 2 H]``.

    Args:
        features: ``[B, N, H]`` atom features, zero where padded.
        mask: ``[B, N]`` bool.
    """
    natoms = mask.sum(dim=1, keepdim=True).to(features.dtype)
    mean = features.sum(dim=1) / natoms
    variance = (features.square().sum(dim=1) / natoms - mean.square()).clamp_min(0)
    return torch.cat([mean, variance.sqrt()], dim=1)


def crystal_descriptors(
    features: Tensor, mask: Tensor, member_energy: Tensor, forces: Tensor, stress: Tensor
) -> Tensor:
    """What the doubt is told of each crystal, ``[B, 2 H + 3]``.

    Args:
        features: ``[B, N, H]`` atom features, zero where padded.
        mask: ``[B, N]`` bool.
        member_energy: ``[B, M]`` eV, energies by the heads.
        forces: ``[B, N, 3]`` eV/angstrom.
        stress: ``[B, 3, 3]`` eV/angstrom^3.
    """
    natoms = mask.sum(dim=1, keepdim=True).to(features.dtype)
    spread = (member_energy / natoms).std(dim=1).clamp_min(SMALLEST_SPREAD).log()
    force = (forces.square().sum((1, 2)) / natoms.squeeze(1)).sqrt().log1p()
    pressure = (STRESS_SCALE * stress.square().sum((1, 2)).sqrt()).log1p()
    rest = torch.stack([spread, force, pressure], dim=1)
    return torch.cat([pooled(features, mask), rest], dim=1)
