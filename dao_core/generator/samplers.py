"""The ways from noise to crystals behind one face: flow matching, and diffusion as published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.diffusion_network import Denoiser
from dao_core.generator.diffusion_sampling import KnownParts, sample_diffusion
from dao_core.generator.diffusion_schedule import PUBLISHED_STEPS, diffusion_schedule
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldCrystal, HeldParts
from dao_core.generator.sampling import ANNEALING_SLOPE, initial_noise, integrate_flow
from dao_core.generator.velocity import VelocityNetwork

FLOW_STEPS = 25
"""Euler steps where no number is asked for."""


class Sampler(Protocol):
    """A network with the process that it was trained on.

    Attributes:
        default_steps: steps where no number is asked for.
    """

    default_steps: int

    def check(self, steps: int, guidance: Guidance | None, held: HeldParts | None) -> None:
        """Raise InputError for what this process cannot do."""
        ...

    def sample(
        self,
        atomic_numbers: Tensor,
        seeds: Sequence[int],
        steps: int,
        guidance: Guidance | None,
        held: Sequence[HeldCrystal | None],
    ) -> CrystalBatch:
        """Crystals of ``[B, N]`` atomic numbers (0 where padded), one seed each."""
        ...


class FlowSampler:
    """Flow matching in any number of Euler steps.

    Attributes:
        slope: of the anti-annealing.
    """

    default_steps = FLOW_STEPS

    def __init__(self, network: VelocityNetwork, slope: float = ANNEALING_SLOPE) -> None:
        self.network = network
        self.slope = slope

    def check(self, _steps: int, guidance: Guidance | None, _held: HeldParts | None) -> None:
        """Any steps, and every part can be held; the predictor must know flow matching's noise."""
        if guidance is not None:
            guidance.require("flow")

    def sample(
        self,
        atomic_numbers: Tensor,
        seeds: Sequence[int],
        steps: int,
        guidance: Guidance | None,
        held: Sequence[HeldCrystal | None],
    ) -> CrystalBatch:
        """As :meth:`Sampler.sample`."""
        sizes = (atomic_numbers > 0).sum(dim=1).tolist()
        frac_coords, stretch = (
            part.to(atomic_numbers.device) for part in initial_noise(sizes, seeds)
        )
        return integrate_flow(
            self.network, atomic_numbers, frac_coords, stretch, steps, guidance, held, self.slope
        )


class DiffusionSampler:
    """Diffusion as published: predictor and corrector over the whole noise schedule."""

    default_steps = PUBLISHED_STEPS

    def __init__(self, network: Denoiser, score_norm: Tensor | None = None) -> None:
        self.network = network
        self.score_norm = score_norm

    def check(self, steps: int, guidance: Guidance | None, held: HeldParts | None) -> None:
        """Refuse other steps than those of the training, and orbits, which only the flow keeps."""
        if steps != PUBLISHED_STEPS:
            raise InputError(
                f"a diffusion model takes the {PUBLISHED_STEPS} steps it was trained with, "
                f"not {steps}; leave the number out"
            )
        if guidance is not None:
            guidance.require("diffusion")
        if held is not None and held.orbits is not None:
            raise InputError("a diffusion model cannot hold orbits; use a flow-matching generator")

    def sample(
        self,
        atomic_numbers: Tensor,
        seeds: Sequence[int],
        steps: int,
        guidance: Guidance | None,
        held: Sequence[HeldCrystal | None],
    ) -> CrystalBatch:
        """As :meth:`Sampler.sample`; all crystals must agree on whether the lattice is held."""
        schedule = diffusion_schedule(steps, self.score_norm)
        known = _known_parts(atomic_numbers, [crystal for crystal in held if crystal is not None])
        return sample_diffusion(
            self.network, atomic_numbers, seeds, schedule, guidance=guidance, known=known
        )


def _known_parts(atomic_numbers: Tensor, held: Sequence[HeldCrystal]) -> KnownParts | None:
    """The held parts of all crystals of a batch, or None where there are none."""
    if not held:
        return None
    device = atomic_numbers.device
    sites = torch.zeros(atomic_numbers.shape, dtype=torch.bool, device=device)
    frac_coords = torch.zeros(*atomic_numbers.shape, 3, device=device)
    for row, crystal in enumerate(held):
        sites[row, : len(crystal.known)] = crystal.known.to(device)
        frac_coords[row, : len(crystal.known)] = crystal.frac_coords.to(device)
    lattices = [crystal.lattice for crystal in held if crystal.lattice is not None]
    lattice = torch.stack(lattices).to(device) if lattices else None
    return KnownParts(lattice, frac_coords, sites)
