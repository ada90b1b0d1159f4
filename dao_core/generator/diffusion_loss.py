"""The published diffusion loss: lattice noise and coordinate score, weighted 1 : 1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.diffusion_network import Denoiser
from dao_core.generator.diffusion_schedule import DiffusionSchedule
from dao_core.generator.diffusion_score import negative_score


@dataclass(frozen=True)
class DiffusionLoss:
    """Mean losses of a batch; ``total`` is what is minimised."""

    total: Tensor
    coordinates: Tensor
    lattice: Tensor


@dataclass(frozen=True)
class NoisyCrystals:
    """Crystals at random steps and what was added to them.

    Attributes:
        crystals: at step ``t``.
        t: ``[B]`` int64, 1 to T.
        score_target: ``[B, N, 3]``, -grad log p_t / sqrt(lambda_t).
        lattice_noise: ``[B, 3, 3]``, unit normal.
    """

    crystals: CrystalBatch
    t: Tensor
    score_target: Tensor
    lattice_noise: Tensor


def add_noise(
    batch: CrystalBatch, schedule: DiffusionSchedule, generator: torch.Generator | None = None
) -> NoisyCrystals:
    """Noise each crystal to a random step of its own.

    Args:
        batch: clean crystals in Niggli cells.
        schedule: on the batch's device.
        generator: source of the random numbers, on the batch's device.
    """
    device, dtype = batch.lattice.device, batch.lattice.dtype
    t = torch.randint(1, schedule.steps + 1, (len(batch),), generator=generator, device=device)
    lattice_noise, coordinate_noise = (
        torch.randn(x.shape, generator=generator, device=device, dtype=dtype)
        for x in (batch.lattice, batch.frac_coords)
    )
    kept = schedule.alphas_bar[t][:, None, None]
    sigma = schedule.sigmas[t][:, None, None]
    displacement = sigma * coordinate_noise
    target = negative_score(displacement, sigma) / schedule.score_norm[t][:, None, None].sqrt()
    real = batch.mask[..., None]
    crystals = CrystalBatch(
        batch.atomic_numbers,
        (batch.frac_coords + displacement) % 1.0 * real,
        kept.sqrt() * batch.lattice + (1 - kept).sqrt() * lattice_noise,
        batch.mask,
    )
    return NoisyCrystals(crystals, t, target * real, lattice_noise)


def diffusion_loss(
    network: Denoiser,
    batch: CrystalBatch,
    schedule: DiffusionSchedule,
    generator: torch.Generator | None = None,
) -> DiffusionLoss:
    """Squared errors of score and lattice noise at a random step of each crystal.

    Arguments as for :func:`add_noise`; both means run over all numbers of the batch.
    """
    noisy = add_noise(batch, schedule, generator)
    crystals = noisy.crystals
    score, lattice_noise = network.denoise(
        crystals.atomic_numbers, crystals.frac_coords, crystals.lattice, crystals.mask, noisy.t
    )
    squared = (score - noisy.score_target).square() * crystals.mask[..., None]
    coordinates = squared.sum() / (3 * crystals.mask.sum())
    lattice = (lattice_noise - noisy.lattice_noise).square().mean()
    return DiffusionLoss(coordinates + lattice, coordinates, lattice)
