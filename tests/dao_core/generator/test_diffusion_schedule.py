from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from dao_core.errors import InputError
from dao_core.generator.diffusion_schedule import (
    DiffusionSchedule,
    diffusion_schedule,
    estimated_score_norm,
)
from dao_core.generator.diffusion_score import negative_score


@pytest.fixture(scope="module")
def schedule() -> DiffusionSchedule:
    return diffusion_schedule(score_norm=torch.ones(1001))


def density(x: Tensor, sigma: float) -> Tensor:
    images = torch.arange(-30, 31, dtype=torch.float64)
    return torch.exp(-((x[..., None] + images) ** 2) / (2 * sigma**2)).sum(dim=-1)


@pytest.mark.parametrize("sigma", [0.005, 0.05, 0.2, 0.5])
def test_score_is_the_derivative_of_the_wrapped_density(sigma: float) -> None:
    reach = min(0.5, 6 * sigma)
    x = torch.linspace(-reach, reach, 41, dtype=torch.float64)
    step = 1e-5 * sigma
    numeric = (density(x + step, sigma).log() - density(x - step, sigma).log()) / (2 * step)
    width = torch.tensor(sigma, dtype=torch.float64)
    torch.testing.assert_close(negative_score(x, width), -numeric, rtol=1e-6, atol=1e-6 / sigma)
    torch.testing.assert_close(
        negative_score(x + 7, width), negative_score(x, width), atol=1e-6, rtol=1e-6
    )


def test_score_stays_finite_where_the_density_underflows() -> None:
    score = negative_score(torch.tensor([0.3, -0.45]), torch.tensor(0.005))
    torch.testing.assert_close(score, torch.tensor([0.3, -0.45]) / 0.005**2, rtol=1e-3, atol=0.0)


def test_lattice_schedule_is_the_cosine_one(schedule: DiffusionSchedule) -> None:
    t = torch.arange(1001) / 1000
    cosine = torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    cosine = cosine / cosine[0]
    unclipped = slice(0, 990)
    torch.testing.assert_close(
        schedule.alphas_bar[unclipped], cosine[unclipped], rtol=5e-3, atol=1e-4
    )
    assert schedule.alphas.min() >= 0.9999e-4
    betas = 1 - schedule.alphas
    expected = betas[1:] * (1 - schedule.alphas_bar[:-1]) / (1 - schedule.alphas_bar[1:])
    torch.testing.assert_close(schedule.lattice_stds[1:] ** 2, expected, rtol=1e-2, atol=1e-7)
    assert schedule.lattice_stds[1] == 0


def test_coordinate_noise_grows_geometrically(schedule: DiffusionSchedule) -> None:
    sigmas = schedule.sigmas
    assert sigmas[0] == 0
    torch.testing.assert_close(sigmas[[1, -1]], torch.tensor([0.005, 0.5]))
    ratios = sigmas[2:] / sigmas[1:-1]
    torch.testing.assert_close(ratios, torch.full_like(ratios, 100 ** (1 / 999)))


def test_score_norm_agrees_with_quadrature() -> None:
    sigmas = torch.tensor([0.005, 0.1, 0.3, 0.5])
    x = torch.linspace(-0.5, 0.5, 20001, dtype=torch.float64)
    for sigma, estimate in zip(sigmas.tolist(), estimated_score_norm(sigmas), strict=True):
        weight = density(x, sigma)
        score = negative_score(x, torch.tensor(sigma, dtype=torch.float64))
        exact = (weight * score**2).sum() / weight.sum()
        assert estimate.item() == pytest.approx(exact.item(), rel=0.06)
    assert estimated_score_norm(sigmas)[0].item() == pytest.approx(1 / 0.005**2, rel=0.06)


def test_impossible_schedules_are_refused() -> None:
    with pytest.raises(InputError, match="at least 2"):
        diffusion_schedule(1)
    with pytest.raises(InputError, match="need 11"):
        diffusion_schedule(10, score_norm=torch.ones(10))
