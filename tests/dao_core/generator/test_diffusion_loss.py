from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dao_core.crysformer.config import CONFIGS
from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.diffusion_loss import add_noise, diffusion_loss
from dao_core.generator.diffusion_network import Denoiser, DenoisingNetwork
from dao_core.generator.diffusion_schedule import DiffusionSchedule, diffusion_schedule
from dao_core.generator.diffusion_score import negative_score


@pytest.fixture(scope="module")
def schedule() -> DiffusionSchedule:
    return diffusion_schedule(50)


@pytest.fixture
def batch() -> CrystalBatch:
    random = torch.Generator().manual_seed(0)
    mask = torch.tensor([[True, True, True], [True, False, False]])
    return CrystalBatch(
        torch.tensor([[3, 8, 8], [6, 0, 0]]),
        torch.rand(2, 3, 3, generator=random) * mask[..., None],
        4 * torch.eye(3).repeat(2, 1, 1),
        mask,
    )


class Oracle:
    """Knows the clean crystals, hence the noise; padding gets nonsense on purpose."""

    def __init__(self, clean: CrystalBatch, schedule: DiffusionSchedule) -> None:
        self.clean, self.schedule = clean, schedule

    def denoise(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        sigma, norm, kept = (
            table[t][:, None, None]
            for table in (self.schedule.sigmas, self.schedule.score_norm, self.schedule.alphas_bar)
        )
        score = negative_score(frac_coords - self.clean.frac_coords, sigma) / norm.sqrt()
        noise = (lattice - kept.sqrt() * self.clean.lattice) / (1 - kept).sqrt()
        return torch.where(mask[..., None], score, 1e6), noise


def test_the_loss_of_one_who_knows_the_noise_is_zero(
    batch: CrystalBatch, schedule: DiffusionSchedule
) -> None:
    random = torch.Generator().manual_seed(1)
    for _ in range(5):
        loss = diffusion_loss(Oracle(batch, schedule), batch, schedule, random)
        assert loss.coordinates.item() < 1e-4
        assert loss.lattice.item() < 1e-6
        assert loss.total == loss.coordinates + loss.lattice


def test_targets_have_unit_variance(schedule: DiffusionSchedule) -> None:
    many = CrystalBatch(
        torch.full((4000, 1), 6),
        torch.zeros(4000, 1, 3),
        torch.eye(3).repeat(4000, 1, 1),
        torch.ones(4000, 1, dtype=torch.bool),
    )
    noisy = add_noise(many, schedule, torch.Generator().manual_seed(2))
    assert noisy.score_target.square().mean().item() == pytest.approx(1, abs=0.05)
    assert noisy.lattice_noise.square().mean().item() == pytest.approx(1, abs=0.05)
    assert noisy.t.min() >= 1
    assert noisy.t.max() == 50


@pytest.mark.parametrize(
    "network",
    [
        DenoisingNetwork(CONFIGS["tiny"], steps=50),
        PublishedCrysformer(PUBLISHED_CONFIGS["small"]),
    ],
    ids=["own", "published"],
)
def test_both_networks_learn_one_crystal(
    network: Denoiser, batch: CrystalBatch, schedule: DiffusionSchedule
) -> None:
    assert isinstance(network, torch.nn.Module)
    random = torch.Generator().manual_seed(3)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    many = batch.select([0, 1] * 16)
    losses = []
    for _ in range(60):
        loss = diffusion_loss(network, many, schedule, random).total
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])
