"""Guidance of diffusion by an energy: the caller's own, trained, or none at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from dao_core.errors import CheckpointError, InputError


class NoisyEnergy(Protocol):
    """E(M_t, t), standardised; a predictor of the published network is one.

    Attributes:
        energy_trained: False where the energy is that of random weights.
    """

    energy_trained: bool

    def energy(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        """Energy of each crystal at step ``t``, ``[B]``; arguments as for ``Denoiser``."""
        ...


@dataclass(frozen=True)
class Guidance:
    """A predictor and the weight w of its gradient (20 in most released scripts).

    Raises:
        InputError: there is no predictor, or the weight is negative or no number.
        CheckpointError: the predictor's energy was never trained.
    """

    predictor: NoisyEnergy
    weight: float

    def __post_init__(self) -> None:
        """Refuse what would be noise instead of guidance."""
        if self.predictor is None:
            raise InputError("guidance needs a predictor of its own; give one or leave it out")
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise InputError(f"the guidance weight {self.weight} must be a number from 0 up")
        if not self.predictor.energy_trained:
            raise CheckpointError(
                "this predictor's energy was never trained, so its gradient is noise; "
                "import a checkpoint with role predictor"
            )

    def gradients(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``w dE/dx`` ``[B, N, 3]`` and ``w dE/dL`` ``[B, 3, 3]``."""
        with torch.enable_grad():
            x, lattice = frac_coords.detach().requires_grad_(), lattice.detach().requires_grad_()
            energy = self.predictor.energy(atomic_numbers, x, lattice, mask, t).sum()
            to_x, to_lattice = torch.autograd.grad(energy, [x, lattice])
        return self.weight * to_x, self.weight * to_lattice
