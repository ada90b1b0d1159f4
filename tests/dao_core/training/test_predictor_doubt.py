"""The doubt learns which crystals it gets wrong, and by how much."""

from __future__ import annotations

import torch

from dao_core.predictor.doubt import Doubt, crystal_descriptors
from dao_core.training.predictor_doubt import laplace_loss


def test_the_likelihood_is_best_at_the_true_scale():
    errors = -0.05 * torch.rand(20_000, generator=torch.Generator().manual_seed(0)).log()
    logs = torch.linspace(-5, -1, 81)
    losses = torch.stack([laplace_loss(level.expand(len(errors)), errors) for level in logs])
    assert abs(float(logs[losses.argmin()].exp()) - 0.05) < 0.004


def test_std_is_root_two_times_the_expected_error():
    doubt = Doubt(4)
    descriptors = torch.randn(3, 11)
    torch.testing.assert_close(
        doubt.energy_std(descriptors), doubt(descriptors).exp() * 2**0.5, rtol=1e-6, atol=0
    )


def test_descriptors_ignore_padding_and_grow_with_forces():
    features = torch.randn(1, 3, 4)
    forces, stress = torch.ones(1, 3, 3), torch.zeros(1, 3, 3)
    mask = torch.ones(1, 3, dtype=torch.bool)
    members = torch.tensor([[1.0, 1.3]])
    plain = crystal_descriptors(features, mask, members, forces, stress)
    padded = crystal_descriptors(
        torch.cat([features, torch.zeros(1, 2, 4)], 1),
        torch.cat([mask, torch.zeros(1, 2, dtype=torch.bool)], 1),
        members,
        torch.cat([forces, torch.zeros(1, 2, 3)], 1),
        stress,
    )
    torch.testing.assert_close(padded, plain)
    stronger = crystal_descriptors(features, mask, members, 3 * forces, stress)
    assert stronger[0, -2] > plain[0, -2]
    assert plain.shape == (1, 11)
