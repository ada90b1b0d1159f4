"""Guidance of the flow: exact on a Gaussian, felt by a network, and only with its own predictor."""

from __future__ import annotations

import pytest
import torch
from pymatgen.core import Composition
from torch import Tensor, nn

from dao_core.crysformer.config import named_config
from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import CheckpointError, InputError
from dao_core.generator.generate import Generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.samplers import FlowSampler
from dao_core.generator.sampling import initial_noise, integrate_flow
from dao_core.generator.velocity import VelocityNetwork
from dao_core.predictor import load_predictor
from dao_core.predictor.guidance import GuidanceEnergy

SLOPE = 0.3


class UnitGaussian(nn.Module):
    """The exact velocity where the data are unit normal, like the noise; atoms stay."""

    stretch_mean, stretch_std = torch.zeros(6), torch.full((6,), 2.0)

    def forward(
        self, numbers: Tensor, frac_coords: Tensor, stretch: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        t = t[:, None]
        velocity = (2 * t - 1) * stretch / ((1 - t).square() + t.square())
        return torch.zeros_like(frac_coords), velocity

    def lattice(self, stretch: Tensor, natoms: Tensor) -> Tensor:
        return torch.diag_embed(stretch[:, :3])


class LinearEnergy:
    """-log E[exp(-SLOPE sum s_1) | s_t] of that data, up to a constant: linear in s_t."""

    process, energy_trained = "flow", True

    def energy(
        self, numbers: Tensor, frac_coords: Tensor, stretch: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        expected = t / ((1 - t).square() + t.square())
        return SLOPE * expected * (stretch / 2).sum(dim=1) + 0 * frac_coords.sum((1, 2))


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.0])
def test_samples_move_as_bayes_wants(weight: float) -> None:
    numbers = torch.full((512, 1), 6)
    noise = initial_noise([1] * 512, range(512))
    guidance = Guidance(LinearEnergy(), weight)
    batch = integrate_flow(UnitGaussian(), numbers, *noise, 100, guidance)
    ends = batch.lattice.diagonal(dim1=1, dim2=2)
    # exp(-w SLOPE s) times a unit normal is a unit normal about -w SLOPE
    start = noise[1][:, :3].mean()
    assert float(ends.mean() - start) == pytest.approx(-weight * SLOPE, abs=0.05)
    assert float(ends.std()) == pytest.approx(1.0, abs=0.08)


@pytest.fixture(scope="module")
def energy() -> GuidanceEnergy:
    torch.manual_seed(0)
    energy = GuidanceEnergy(named_config("tiny"))
    for parameter in energy.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    energy.trained.fill_(1.0)
    return energy.requires_grad_(requires_grad=False).eval()


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(1)
    network = VelocityNetwork(named_config("tiny"))
    return Generator(FlowSampler(network.eval()), {"max_atoms": 8}, "deadbeef")


def test_the_mean_energy_falls_with_the_weight(
    generator: Generator, energy: GuidanceEnergy
) -> None:
    means = []
    for weight in (0.0, 1.0, 3.0):
        crystals = generator.generate(
            [Composition("Mg2O2")], 24, steps=12, guidance=Guidance(energy, weight)
        )
        batch = CrystalBatch.from_structures([crystal.structure for crystal in crystals])
        means.append(float(energy(batch, torch.ones(24)).mean()))
    assert means[2] < means[1] - 0.01
    assert means[1] < means[0] - 0.01


def test_guided_samples_do_not_depend_on_the_batch(
    generator: Generator, energy: GuidanceEnergy
) -> None:
    cells, guidance = [Composition("Mg2O2"), Composition("Mg1")], Guidance(energy, 2.0)
    for a, b in zip(
        generator.generate(cells, 2, steps=4, guidance=guidance, batch_size=1),
        generator.generate(cells, 2, steps=4, guidance=guidance),
        strict=True,
    ):
        torch.testing.assert_close(
            torch.tensor(a.structure.lattice.matrix),
            torch.tensor(b.structure.lattice.matrix),
            rtol=1e-3,
            atol=1e-3,
        )


def test_only_its_own_trained_predictor_guides(generator: Generator) -> None:
    with pytest.raises(CheckpointError, match="never trained"):
        Guidance(GuidanceEnergy(named_config("tiny")), 1.0)
    with pytest.raises(InputError, match="clean crystals only"):
        Guidance(load_predictor(), 1.0)
    published = PublishedCrysformer(PUBLISHED_CONFIGS["small"])
    published.energy_trained = True
    with pytest.raises(InputError, match="noise of diffusion"):
        generator.generate([Composition("Mg")], 1, guidance=Guidance(published, 1.0))
