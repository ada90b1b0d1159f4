"""Guidance of sampling by an energy: the caller's own, trained for that process, or none at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from dao_core.errors import CheckpointError, InputError

Process = Literal["diffusion", "flow"]
"""Whose noise an energy was trained on. Diffusion: lattices, steps from 0 (clean) to T. Flow:
log-stretches, times from 0 (noise) to 1 (clean)."""


class NoisyEnergy(Protocol):
    """E(M_t, t), standardised: the published predictor, or our own guidance energy."""

    @property
    def process(self) -> Process:
        """Whose noise it was trained on."""
        ...

    @property
    def energy_trained(self) -> bool:
        """Whether the energy is more than random weights."""
        ...

    def energy(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        """Energy of each crystal at ``t``, ``[B]``.

        ``lattice`` is ``[B, 3, 3]`` (angstrom) for diffusion and the log-stretch ``[B, 6]`` for
        flow; the rest is as for ``Denoiser``.
        """
        ...


@dataclass(frozen=True)
class Guidance:
    """A predictor and the weight w of its gradient (20 in most released scripts).

    Raises:
        InputError: there is no predictor, it predicts energies of clean crystals only (a physical
            DAO-P), or the weight is negative or no number.
        CheckpointError: the predictor's energy was never trained.
    """

    predictor: NoisyEnergy
    weight: float

    def __post_init__(self) -> None:
        """Refuse what would be noise instead of guidance."""
        if self.predictor is None:
            raise InputError("guidance needs a predictor of its own; give one or leave it out")
        if not (hasattr(self.predictor, "process") and hasattr(self.predictor, "energy_trained")):
            raise InputError(
                f"{type(self.predictor).__name__} knows energies of clean crystals only; guidance "
                "needs a predictor trained on noisy ones (`dao train predictor`, head: guidance)"
            )
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise InputError(f"the guidance weight {self.weight} must be a number from 0 up")
        if not self.predictor.energy_trained:
            raise CheckpointError(
                "this predictor's energy was never trained, so its gradient is noise; train a "
                "guidance energy, or import a released checkpoint with role predictor"
            )

    def require(self, process: Process) -> None:
        """Check that the predictor was trained on the noise of ``process``.

        Raises:
            InputError: it was trained on another.
        """
        if self.predictor.process != process:
            raise InputError(
                f"this predictor was trained on the noise of {self.predictor.process}; "
                f"it cannot guide {process}"
            )

    def gradients(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``w dE/dx`` ``[B, N, 3]`` and ``w dE/dL``, of the shape of ``lattice``."""
        with torch.enable_grad():
            x, lattice = frac_coords.detach().requires_grad_(), lattice.detach().requires_grad_()
            energy = self.predictor.energy(atomic_numbers, x, lattice, mask, t).sum()
            to_x, to_lattice = torch.autograd.grad(energy, [x, lattice])
        return self.weight * to_x, self.weight * to_lattice
