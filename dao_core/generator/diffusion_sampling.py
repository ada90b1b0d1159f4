"""Predictor-corrector sampling as published: two network evaluations per step.

Equations: Jiao et al., DiffCSP, NeurIPS 2023, algorithm 2; guidance: Wu et al., Nat. Commun. 2026.
Each crystal draws from its own random numbers, so that its neighbours in the batch and the size of
the batch change it by rounding only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.diffusion_network import Denoiser
from dao_core.generator.diffusion_schedule import DiffusionSchedule
from dao_core.generator.guidance import Guidance

STEP_LR = {"default": 1e-5, "perov-5": 5e-7, "carbon-24": 5e-6}
"""Published sizes of the corrector's step, by data set."""


@dataclass(frozen=True)
class KnownParts:
    """What is held during sampling.

    Known parts enter each step at that step's noise level (the network knows no other) and stand
    exactly as given at the end.

    Attributes:
        lattice: ``[B, 3, 3]`` angstrom, or None where it is to be found.
        frac_coords: ``[B, N, 3]``, read where ``sites`` is True, or None.
        sites: ``[B, N]`` bool, the sites that are known, or None.
    """

    lattice: Tensor | None = None
    frac_coords: Tensor | None = None
    sites: Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse sites without coordinates and coordinates without sites."""
        if (self.frac_coords is None) != (self.sites is None):
            raise InputError("known sites need both frac_coords and sites, or neither")


@torch.no_grad()
def sample_diffusion(
    network: Denoiser,
    atomic_numbers: Tensor,
    seeds: Sequence[int],
    schedule: DiffusionSchedule,
    *,
    step_lr: float = STEP_LR["default"],
    guidance: Guidance | None = None,
    known: KnownParts | None = None,
) -> CrystalBatch:
    """Crystals from noise.

    Args:
        network: trained with ``schedule``.
        atomic_numbers: ``[B, N]`` int64, 0 where padded.
        seeds: one per crystal.
        schedule: its T steps are all taken.
        step_lr: size of the corrector's step, see ``STEP_LR``.
        guidance: a trained predictor and its weight.
        known: parts to hold.

    Raises:
        InputError: seeds do not match the crystals, or ``step_lr`` is negative.
    """
    if len(seeds) != len(atomic_numbers):
        raise InputError(f"{len(atomic_numbers)} crystals need as many seeds, not {len(seeds)}")
    if guidance is not None:
        guidance.require("diffusion")
    if step_lr < 0:
        raise InputError(f"step_lr is {step_lr}; it must not be negative")
    sampler = _Sampler(network, atomic_numbers, seeds, schedule, known or KnownParts())
    for t in range(schedule.steps, 0, -1):
        sampler.correct(t, step_lr)
        sampler.predict(t, guidance)
        sampler.hold_known(t - 1)
    return CrystalBatch(atomic_numbers, sampler.frac_coords, sampler.lattice, sampler.mask)


class _Sampler:
    def __init__(
        self,
        network: Denoiser,
        atomic_numbers: Tensor,
        seeds: Sequence[int],
        schedule: DiffusionSchedule,
        known: KnownParts,
    ) -> None:
        self.network, self.known = network, known
        self.schedule = schedule.to(atomic_numbers.device)
        self.atomic_numbers, self.mask = atomic_numbers, atomic_numbers > 0
        self.natoms = self.mask.sum(dim=1).tolist()
        self.randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.frac_coords = self._coordinate_noise(uniform=True)
        self.lattice = self._lattice_noise()
        # one noise for all steps: the known parts then come to rest along a straight path
        self.known_coordinate_noise = self._coordinate_noise()
        self.known_lattice_noise = self._lattice_noise()
        self.hold_known(schedule.steps)

    def correct(self, t: int, step_lr: float) -> None:
        """Langevin step of the coordinates at noise level ``t``."""
        sigmas = self.schedule.sigmas
        step = step_lr * (sigmas[t] / sigmas[1]).square()
        score, _ = self._denoise(t)
        noise = self._coordinate_noise() if t > 1 else 0.0
        self.frac_coords = self.frac_coords - step * score + (2 * step).sqrt() * noise
        self.hold_known(t)

    def predict(self, t: int, guidance: Guidance | None) -> None:
        """Reverse step of coordinates and lattice from ``t`` to ``t - 1``."""
        schedule = self.schedule
        variance, below = schedule.sigmas[t].square(), schedule.sigmas[t - 1].square()
        step = variance - below
        spread = below * step / variance
        score, lattice_noise = self._denoise(t)
        alpha, std = schedule.alphas[t], schedule.lattice_stds[t]
        share = (1 - alpha) / (1 - schedule.alphas_bar[t]).sqrt()
        frac_coords = self.frac_coords - step * score
        lattice = (self.lattice - share * lattice_noise) / alpha.sqrt()
        if guidance is not None:
            to_x, to_lattice = guidance.gradients(*self._inputs(t))
            frac_coords = frac_coords - spread * to_x
            lattice = lattice - std.square() * to_lattice
        if t > 1:
            frac_coords = frac_coords + spread.sqrt() * self._coordinate_noise()
            lattice = lattice + std * self._lattice_noise()
        self.frac_coords = frac_coords % 1.0 * self.mask[..., None]
        self.lattice = lattice

    def hold_known(self, t: int) -> None:
        """Set the known parts to their values at noise level ``t``."""
        if self.known.frac_coords is not None and self.known.sites is not None:
            noisy = self.known.frac_coords + self.schedule.sigmas[t] * self.known_coordinate_noise
            self.frac_coords = torch.where(
                self.known.sites[..., None], noisy % 1.0, self.frac_coords
            )
        if self.known.lattice is not None:
            kept = self.schedule.alphas_bar[t]
            self.lattice = (
                kept.sqrt() * self.known.lattice + (1 - kept).sqrt() * self.known_lattice_noise
            )

    def _inputs(self, t: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        steps = torch.full((len(self.natoms),), t, device=self.mask.device)
        return self.atomic_numbers, self.frac_coords, self.lattice, self.mask, steps

    def _denoise(self, t: int) -> tuple[Tensor, Tensor]:
        """-grad log p_t of the coordinates, and the lattice's noise."""
        score, lattice_noise = self.network.denoise(*self._inputs(t))
        return score * self.schedule.score_norm[t].sqrt(), lattice_noise

    def _coordinate_noise(self, *, uniform: bool = False) -> Tensor:
        """Each crystal's own numbers, drawn on the CPU so that devices agree, ``[B, N, 3]``."""
        draw = torch.rand if uniform else torch.randn
        noise = torch.zeros(*self.mask.shape, 3)
        for row, (n, random) in enumerate(zip(self.natoms, self.randoms, strict=True)):
            noise[row, :n] = draw(n, 3, generator=random)
        return noise.to(self.mask.device)

    def _lattice_noise(self) -> Tensor:
        noise = [torch.randn(3, 3, generator=random) for random in self.randoms]
        return torch.stack(noise).to(self.mask.device)
