from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dao_core.crysformer.config import named_config
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.flow_matching import flow_matching_loss, training_times, wrap
from dao_core.generator.sampling import crystal_seed, initial_noise, integrate_flow
from dao_core.generator.velocity import VelocityNetwork, centred


@pytest.fixture
def batch() -> CrystalBatch:
    torch.manual_seed(0)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    return CrystalBatch(
        torch.tensor([[8, 8, 12, 12], [11, 17, 0, 0]]),
        torch.rand(2, 4, 3) * mask[..., None],
        torch.eye(3).repeat(2, 1, 1) * 4.2,
        mask,
    )


def test_wrap_gives_the_shortest_difference() -> None:
    difference = torch.tensor([-1.2, -0.5, 0.5, 0.75, 3.1])
    torch.testing.assert_close(wrap(difference), torch.tensor([-0.2, -0.5, -0.5, -0.25, 0.1]))


def test_centred_ignores_padding(batch: CrystalBatch) -> None:
    vectors = centred(torch.ones(2, 4, 3) + torch.arange(4)[None, :, None], batch.mask)
    torch.testing.assert_close(vectors.sum(dim=1), torch.zeros(2, 3))
    assert vectors[1, 2:].abs().max() == 0


def test_an_untrained_network_has_the_loss_of_no_motion(batch: CrystalBatch) -> None:
    """Uniform differences on the circle have variance 1/12 per axis, less the mean's share."""
    torch.manual_seed(0)
    network = VelocityNetwork(named_config("tiny"))
    with torch.no_grad():
        losses = [flow_matching_loss(network, batch).coordinates for _ in range(400)]
    expected = 0.25 * (1 - 1 / 4 + 1 - 1 / 2) / 2
    assert torch.stack(losses).mean() == pytest.approx(expected, rel=0.05)


class TowardsTarget(nn.Module):
    """The exact velocity field of a data set that holds one crystal: always towards it."""

    def __init__(self, target: Tensor, stretch: Tensor) -> None:
        super().__init__()
        self.target, self.stretch = target, stretch

    def forward(
        self, numbers: Tensor, frac_coords: Tensor, stretch: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        remaining = (1 - t).clamp_min(1e-3)
        velocity = centred(wrap(self.target - frac_coords), mask) / remaining[:, None, None]
        return velocity, (self.stretch - stretch) / remaining[:, None]

    def lattice(self, stretch: Tensor, natoms: Tensor) -> Tensor:
        return torch.diag_embed(stretch[:, :3])


@pytest.mark.parametrize("steps", [25, 50, 210])
@pytest.mark.parametrize("slope", [0.0, 5.0, 10.0, 40.0])
def test_the_integrator_follows_an_exact_field_to_its_crystal(slope: float, steps: int) -> None:
    """However steep the annealing: a step beyond the crystal would swing about it, and diverge."""
    target = torch.tensor([[[0.1, 0.2, 0.3], [0.3, 0.4, 0.35]]])
    field = TowardsTarget(target, torch.tensor([[3.0, 4.0, 5.0, 0, 0, 0]]))
    start = torch.tensor([[[0.5, 0.5, 0.5], [0.6, 0.7, 0.6]]])
    numbers = torch.tensor([[6, 6]])
    result = integrate_flow(field, numbers, start, torch.zeros(1, 6), steps, slope=slope)
    difference = wrap(result.frac_coords[:, 1] - result.frac_coords[:, 0])
    torch.testing.assert_close(difference, target[:, 1] - target[:, 0], rtol=0, atol=3e-7)
    torch.testing.assert_close(result.lattice[0].diagonal(), torch.tensor([3.0, 4.0, 5.0]))


def test_training_times_are_mostly_in_the_middle_and_reach_both_ends() -> None:
    times = training_times(200_000, torch.Generator().manual_seed(0), "cpu")
    assert 0 <= times.min() < 1e-3
    assert 1 - 1e-3 < times.max() <= 1
    # the logistic of a unit Gaussian lies within 1/4 and 3/4 with 73 %, a uniform time with 50 %
    middle = ((times > 0.25) & (times < 0.75)).float().mean()
    assert middle == pytest.approx(0.9 * 0.728 + 0.1 * 0.5, abs=0.005)


def test_noise_depends_on_its_seed_alone() -> None:
    seeds = [crystal_seed(7, "MgO", index) for index in range(3)]
    together, stretch = initial_noise([2, 4, 3], seeds)
    alone, alone_stretch = initial_noise([4], seeds[1:2])
    torch.testing.assert_close(together[1], alone[0])
    torch.testing.assert_close(stretch[1], alone_stretch[0])
    assert len(set(seeds)) == 3
