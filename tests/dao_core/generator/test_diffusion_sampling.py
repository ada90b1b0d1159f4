from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dao_core.crysformer.config import CONFIGS
from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.errors import CheckpointError, InputError
from dao_core.generator.diffusion_network import Denoiser, DenoisingNetwork
from dao_core.generator.diffusion_sampling import KnownParts, sample_diffusion
from dao_core.generator.diffusion_schedule import DiffusionSchedule, diffusion_schedule
from dao_core.generator.diffusion_score import negative_score
from dao_core.generator.guidance import Guidance

CENTRE, SPREAD = torch.tensor([0.1, 0.5, 0.85]), 0.04
LATTICE, LATTICE_SPREAD = torch.tensor([[4.0, 0, 0], [1, 5, 0], [0, 2, 6]]), 0.4


@pytest.fixture(scope="module")
def schedule() -> DiffusionSchedule:
    return diffusion_schedule(400)


@pytest.fixture(scope="module")
def short() -> DiffusionSchedule:
    return diffusion_schedule(12)


class Gaussian:
    """Exact scores: atoms wrapped-normal about CENTRE, lattices normal about LATTICE."""

    energy_trained = True
    process = "diffusion"

    def __init__(self, schedule: DiffusionSchedule, slope: float = 0.0) -> None:
        self.schedule, self.slope = schedule, slope

    def denoise(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        sigma, norm, kept = (
            table[t][:, None, None]
            for table in (self.schedule.sigmas, self.schedule.score_norm, self.schedule.alphas_bar)
        )
        score = negative_score(frac_coords - CENTRE, (sigma**2 + SPREAD**2).sqrt())
        variance = kept * LATTICE_SPREAD**2 + 1 - kept
        noise = (1 - kept).sqrt() * (lattice - kept.sqrt() * LATTICE) / variance
        return score / norm.sqrt() * mask[..., None], noise

    def energy(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        """-log E[exp(-slope trace L_0) | L_t], which is linear in L_t."""
        kept = self.schedule.alphas_bar[t]
        gain = kept.sqrt() * LATTICE_SPREAD**2 / (kept * LATTICE_SPREAD**2 + 1 - kept)
        trace = lattice.diagonal(dim1=1, dim2=2).sum(dim=1)
        return self.slope * gain * trace + 0 * frac_coords.sum(dim=(1, 2))


def carbon(crystals: int, atoms: int) -> Tensor:
    return torch.full((crystals, atoms), 6)


def test_a_density_with_known_score_is_recovered(schedule: DiffusionSchedule) -> None:
    sampled = sample_diffusion(Gaussian(schedule), carbon(80, 6), range(80), schedule)
    displacement = sampled.frac_coords - CENTRE
    displacement = displacement - displacement.round()
    count = 80 * 6
    assert (displacement.mean(dim=(0, 1)).abs() < 4 * SPREAD / count**0.5).all()
    assert displacement.std().item() == pytest.approx(SPREAD, rel=0.08)
    mean = sampled.lattice.mean(dim=0)
    assert ((mean - LATTICE).abs() < 4 * LATTICE_SPREAD / 80**0.5).all()
    assert (sampled.lattice - LATTICE).std().item() == pytest.approx(LATTICE_SPREAD, rel=0.12)


def test_guidance_tilts_the_density_as_in_closed_form(schedule: DiffusionSchedule) -> None:
    """p_0 exp(-slope trace L) has its mean shifted by -slope spread^2 on the diagonal."""
    model = Gaussian(schedule, slope=4.0)
    sampled = sample_diffusion(
        model, carbon(80, 1), range(80), schedule, guidance=Guidance(model, weight=1.0)
    )
    shift = (sampled.lattice - LATTICE).mean(dim=0)
    assert shift.diagonal().mean().item() == pytest.approx(-4.0 * LATTICE_SPREAD**2, rel=0.15)
    off_diagonal = shift - torch.diag(shift.diagonal())
    assert off_diagonal.abs().max() < 4 * LATTICE_SPREAD / 80**0.5


def test_weight_zero_is_no_guidance(short: DiffusionSchedule) -> None:
    model = Gaussian(short, slope=4.0)
    plain = sample_diffusion(model, carbon(3, 2), [1, 2, 3], short)
    guided = sample_diffusion(model, carbon(3, 2), [1, 2, 3], short, guidance=Guidance(model, 0.0))
    torch.testing.assert_close(guided.lattice, plain.lattice)


def test_untrained_and_absent_predictors_are_refused() -> None:
    untrained = PublishedCrysformer(PUBLISHED_CONFIGS["small"])
    with pytest.raises(CheckpointError, match="never trained"):
        Guidance(untrained, weight=20.0)
    with pytest.raises(InputError, match="needs a predictor"):
        Guidance(None, weight=20.0)  # type: ignore[arg-type]
    untrained.energy_trained = True
    with pytest.raises(InputError, match="weight"):
        Guidance(untrained, weight=float("nan"))


@pytest.mark.parametrize(
    "network",
    [DenoisingNetwork(CONFIGS["tiny"], 12), PublishedCrysformer(PUBLISHED_CONFIGS["small"])],
    ids=["own", "published"],
)
def test_a_crystal_does_not_depend_on_its_batch(
    network: Denoiser, short: DiffusionSchedule
) -> None:
    numbers = torch.tensor([[3, 8, 8, 1], [6, 0, 0, 0], [12, 26, 0, 0]])
    seeds = [5, 6, 7]
    together = sample_diffusion(network, numbers, seeds, short)
    for row, n in enumerate([4, 1, 2]):
        alone = sample_diffusion(network, numbers[row : row + 1, :n], seeds[row : row + 1], short)
        torch.testing.assert_close(
            alone.frac_coords[0], together.frac_coords[row, :n], rtol=1e-3, atol=1e-4
        )
        torch.testing.assert_close(alone.lattice[0], together.lattice[row], rtol=1e-3, atol=1e-4)
    again = sample_diffusion(network, numbers, [8, 6, 7], short)
    assert (again.frac_coords[0] - together.frac_coords[0]).abs().max() > 1e-2
    assert not together.frac_coords[~together.mask].any()


def test_known_parts_stand_exactly_as_given(short: DiffusionSchedule) -> None:
    network = DenoisingNetwork(CONFIGS["tiny"], 12)
    numbers = torch.tensor([[26, 26, 1], [28, 28, 1]])
    frac_coords = torch.rand(2, 3, 3, generator=torch.Generator().manual_seed(1))
    sites = torch.tensor([[True, True, False]] * 2)
    lattice = LATTICE.repeat(2, 1, 1)
    known = KnownParts(lattice=lattice, frac_coords=frac_coords, sites=sites)
    sampled = sample_diffusion(network, numbers, [1, 2], short, known=known)
    assert torch.equal(sampled.lattice, lattice)
    assert torch.equal(sampled.frac_coords[sites], frac_coords[sites])
    assert (sampled.frac_coords[~sites] - frac_coords[~sites]).abs().max() > 1e-2
    free = sample_diffusion(network, numbers, [1, 2], short)
    assert not torch.allclose(free.lattice, lattice)


def test_half_given_and_mismatched_arguments_are_refused(short: DiffusionSchedule) -> None:
    with pytest.raises(InputError, match="both"):
        KnownParts(sites=torch.ones(1, 1, dtype=torch.bool))
    model = Gaussian(short)
    with pytest.raises(InputError, match="as many seeds"):
        sample_diffusion(model, carbon(2, 1), [1], short)
    with pytest.raises(InputError, match="step_lr"):
        sample_diffusion(model, carbon(1, 1), [1], short, step_lr=-1.0)
