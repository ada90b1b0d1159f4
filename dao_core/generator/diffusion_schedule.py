"""Noise schedules of the published diffusion: lattice (DDPM, cosine) and coordinates (wrapped)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.errors import InputError
from dao_core.generator.diffusion_score import negative_score

PUBLISHED_STEPS = 1000
SIGMA_FIRST, SIGMA_LAST = 0.005, 0.5
"""Noise of the fractional coordinates at step 1 and at the last step, as published."""
SCORE_NORM_SAMPLES = 10_000
_COSINE_OFFSET = 0.008
"""s of Nichol and Dhariwal (2021), https://arxiv.org/abs/2102.09672, equation 17."""


@dataclass(frozen=True)
class DiffusionSchedule:
    """Tables over the steps 0 (clean) to T, each ``[T + 1]`` float32.

    Attributes:
        alphas: alpha_t of the lattice, 1 at t = 0.
        alphas_bar: their running product.
        lattice_stds: standard deviation of the lattice's reverse step, sbar_t.
        sigmas: standard deviation of the coordinates' noise, 0 at t = 0.
        score_norm: lambda_t = E |grad log p_t|^2, 1 at t = 0.
    """

    alphas: Tensor
    alphas_bar: Tensor
    lattice_stds: Tensor
    sigmas: Tensor
    score_norm: Tensor

    @property
    def steps(self) -> int:
        """The last step, T."""
        return len(self.sigmas) - 1

    def to(self, device: torch.device | str) -> DiffusionSchedule:
        """The same tables on a device."""
        return DiffusionSchedule(
            self.alphas.to(device),
            self.alphas_bar.to(device),
            self.lattice_stds.to(device),
            self.sigmas.to(device),
            self.score_norm.to(device),
        )


def diffusion_schedule(
    steps: int = PUBLISHED_STEPS, score_norm: Tensor | None = None
) -> DiffusionSchedule:
    """The published schedules over ``steps`` steps.

    Args:
        steps: T.
        score_norm: lambda_t that a checkpoint was trained with, ``[steps + 1]``; estimated by
            Monte Carlo with a fixed seed where not given.

    Raises:
        InputError: fewer than two steps, or a ``score_norm`` of another length.
    """
    if steps < 2:
        raise InputError(f"a diffusion needs at least 2 steps, not {steps}")
    alphas = torch.cat([torch.ones(1, dtype=torch.float64), 1 - cosine_betas(steps)])
    alphas_bar = alphas.cumprod(dim=0)
    variances = torch.zeros_like(alphas)
    variances[1:] = (1 - alphas[1:]) * (1 - alphas_bar[:-1]) / (1 - alphas_bar[1:])
    sigmas = torch.cat(
        [torch.zeros(1), torch.logspace(math.log10(SIGMA_FIRST), math.log10(SIGMA_LAST), steps)]
    )
    if score_norm is None:
        score_norm = torch.cat([torch.ones(1), estimated_score_norm(sigmas[1:])])
    elif score_norm.shape != sigmas.shape:
        raise InputError(
            f"lambda_t has {len(score_norm)} entries where {steps} steps need {steps + 1}"
        )
    return DiffusionSchedule(
        alphas.float(), alphas_bar.float(), variances.sqrt().float(), sigmas, score_norm.float()
    )


def cosine_betas(steps: int) -> Tensor:
    """beta_1 ... beta_T of the cosine schedule, clipped to [1e-4, 0.9999], float64."""
    t = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    alphas_bar = torch.cos((t + _COSINE_OFFSET) / (1 + _COSINE_OFFSET) * math.pi / 2).square()
    return (1 - alphas_bar[1:] / alphas_bar[:-1]).clamp(1e-4, 0.9999)


def estimated_score_norm(sigmas: Tensor, samples: int = SCORE_NORM_SAMPLES) -> Tensor:
    """E |grad log p|^2 of wrapped normals by Monte Carlo with a fixed seed.

    Args:
        sigmas: widths, ``[T]``.
        samples: displacements drawn; the published number by default.
    """
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(samples, generator=random)
    return torch.stack([negative_score(sigma * noise, sigma).square().mean() for sigma in sigmas])
