"""The exp-energy loss against closed forms in one dimension.

With x_0 ~ N(0, 1) and x_t = x_0 + s n, x_0 given x_t is normal with mean x_t / (1 + s^2) and
variance s^2 / (1 + s^2), so -log E[exp(-y(x_0)) | x_t] is known for linear and quadratic y.
"""

from __future__ import annotations

import math

import pytest
import torch

from dao_core.predictor.exp_energy import exp_energy_loss

NOISE = 0.7


def fitted_coefficients(x0: torch.Tensor, y: torch.Tensor, powers: tuple[int, ...]) -> torch.Tensor:
    """Polynomial energy of x_t fitted with the loss by Newton-like steps (LBFGS)."""
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(2), dtype=x0.dtype)
    xt = x0 + NOISE * noise
    features = torch.stack([xt**p for p in powers], dim=1)
    weights = torch.zeros(len(powers), dtype=x0.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = exp_energy_loss(features @ weights, y, lowest_target=-20.0)
        loss.backward()
        return loss

    optimizer.step(closure)
    return weights.detach()


@pytest.fixture(scope="module")
def clean() -> torch.Tensor:
    return torch.randn(400_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_linear_energy(clean):
    slope = 0.4
    coefficients = fitted_coefficients(clean, slope * clean, (0, 1))
    variance = NOISE**2 / (1 + NOISE**2)
    # E exp(-a x) = exp(-a m + a^2 v / 2)
    expected = torch.tensor([-(slope**2) * variance / 2, slope / (1 + NOISE**2)]).double()
    torch.testing.assert_close(coefficients, expected, atol=5e-3, rtol=0)


def test_quadratic_energy(clean):
    curvature = 0.5
    coefficients = fitted_coefficients(clean, curvature * clean**2, (0, 2))
    variance = NOISE**2 / (1 + NOISE**2)
    # E exp(-k x^2) = (1 + 2 k v)^(-1/2) exp(-k m^2 / (1 + 2 k v))
    spread = 1 + 2 * curvature * variance
    expected = torch.tensor(
        [0.5 * math.log(spread), curvature / spread / (1 + NOISE**2) ** 2]
    ).double()
    torch.testing.assert_close(coefficients, expected, atol=5e-3, rtol=0)


def test_low_outliers_are_clipped_and_nothing_overflows():
    energy = torch.tensor([0.0, 0.0], requires_grad=True)
    loss = exp_energy_loss(energy, torch.tensor([-50.0, 0.0]))
    assert float(loss.detach()) == pytest.approx((1 - math.exp(2.0)) ** 2 / 2, rel=1e-5)
    wild = torch.tensor([-1e6], requires_grad=True)
    assert torch.isfinite(exp_energy_loss(wild, torch.tensor([0.0])))
