"""A real, tiny training of the published network: it learns, ships, resumes."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dao_core.checkpoints.format import checkpoint_hash, load_checkpoint
from dao_core.crysformer.published.model_file import KIND, SCORE_NORM
from dao_core.errors import CheckpointError, InputError
from dao_core.generator.diffusion_schedule import PUBLISHED_STEPS
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.samplers import DiffusionSampler
from dao_core.training.diffusion import DiffusionTraining, train_diffusion
from dao_core.training.generator import GeneratorSources

SETTINGS = DiffusionTraining(
    size="small",
    steps=60,
    atoms_per_batch=64,
    learning_rate=5e-3,
    warmup=5,
    ema_decay=0.9,
    max_atoms=4,
)


@pytest.mark.training
def test_training_learns_ships_and_resumes(record_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    sources = GeneratorSources([record_file], [record_file])
    model = train_diffusion(sources, folder, SETTINGS)
    with (folder / "logs/version_0/metrics.csv").open() as file:
        losses = [float(row["lattice"]) for row in csv.DictReader(file) if row["lattice"]]
    assert losses[-1] < 0.8 * losses[0]

    generator = load_generator(str(model))
    assert (generator.max_atoms, generator.sampler.default_steps) == (4, PUBLISHED_STEPS)
    assert isinstance(generator.sampler, DiffusionSampler)
    with pytest.raises(CheckpointError, match="never trained"):
        Guidance(generator.sampler.network, 1.0)

    train_diffusion(sources, folder, replace(SETTINGS, steps=66))
    with (folder / "logs/version_1/metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert min(steps) > 55, "a resumed run starts where the last one ended"
    with pytest.raises(InputError, match="other size"):
        train_diffusion(sources, folder, replace(SETTINGS, size="mini"))


@pytest.mark.training
def test_it_goes_on_from_other_weights_with_their_noise_norms(
    record_file: Path, tmp_path: Path
) -> None:
    sources = GeneratorSources([record_file], [record_file])
    first = train_diffusion(sources, tmp_path / "1", replace(SETTINGS, steps=4))
    still = replace(SETTINGS, steps=4, learning_rate=1e-9)
    second = train_diffusion(replace(sources, start=first), tmp_path / "2", still)
    before, after = (load_checkpoint(path, KIND) for path in (first, second))
    assert after[1]["start"] == checkpoint_hash(first)
    assert torch.equal(after[0][SCORE_NORM], before[0][SCORE_NORM])
    for name, tensor in before[0].items():
        torch.testing.assert_close(after[0][name], tensor, rtol=1e-3, atol=1e-5)
    larger = replace(SETTINGS, size="mini")
    with pytest.raises(InputError, match="not of size"):
        train_diffusion(replace(sources, start=first), tmp_path / "3", larger)
