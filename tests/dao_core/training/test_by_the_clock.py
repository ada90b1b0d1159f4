"""Minutes of training on one device: data there, an end by the clock, weights on the way."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dao_core.errors import InputError
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.model_file import load_flow_model
from dao_core.training.by_the_clock.device_crystals import DeviceCrystals
from dao_core.training.by_the_clock.generator import train_generator_by_the_clock
from dao_core.training.by_the_clock.loop import ClockSettings, Progress, train_by_the_clock
from dao_core.training.records import Crystal


def crystal(natoms: int, seed: int) -> Crystal:
    random = np.random.default_rng(seed)
    lattice = np.diag(random.uniform(3, 6, size=3))
    numbers = random.integers(3, 60, size=natoms)
    return Crystal(str(seed), numbers, random.uniform(size=(natoms, 3)), lattice, {})


@pytest.fixture
def crystals() -> list[Crystal]:
    return [crystal(natoms, seed) for seed, natoms in enumerate([2, 3, 4, 7, 8, 11] * 8)]


def test_batches_are_crystals_of_the_set_with_their_own_stretch(crystals: list[Crystal]) -> None:
    data = DeviceCrystals(crystals, atoms_per_batch=24, device="cpu")
    choice, random = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    seen = {4: 0, 8: 0, 12: 0}
    known = {tuple(sorted(one.atomic_numbers.tolist())) for one in crystals}
    for _ in range(400):
        bucket = data.draw(choice, random)
        batch = bucket.crystals
        assert batch.mask.shape[1] * len(bucket) == 24
        seen[batch.mask.shape[1]] += len(bucket)
        numbers = batch.atomic_numbers[0][batch.mask[0]].tolist()
        assert tuple(sorted(numbers)) in known
        expected = log_stretch(batch.lattice, batch.natoms.float())
        torch.testing.assert_close(bucket.stretch, expected)
    shares = np.array(list(seen.values())) / sum(seen.values())
    assert shares == pytest.approx([3 / 6, 2 / 6, 1 / 6], abs=0.06), "all crystals equally often"


def test_what_fits_no_bucket_is_refused(crystals: list[Crystal]) -> None:
    with pytest.raises(InputError, match="more than 52 atoms"):
        DeviceCrystals([*crystals, crystal(53, 0)], 64, "cpu")
    with pytest.raises(InputError, match="no crystals"):
        DeviceCrystals([], 64, "cpu")


def test_the_loop_ends_by_the_clock_with_averaged_weights_that_forgot_the_start() -> None:
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(-5.0)
    written: list[float] = []

    def loss() -> tuple[torch.Tensor, int]:
        return (network.weight - 2).square().sum(), 7

    def write(_network: nn.Module, _progress: Progress) -> None:
        written.append(float(network.weight.detach()))

    optimizer = torch.optim.SGD(network.parameters(), lr=0.2)
    settings = ClockSettings(minutes=0.03, write_minutes=0.01, warmup=5, narrow=False)
    began = time.monotonic()
    progress = train_by_the_clock(network, optimizer, loss, settings, write)
    assert time.monotonic() - began >= 1.8
    assert progress.crystals == 7 * progress.steps
    assert written[-1] == float(network.weight.detach()) == pytest.approx(2, abs=0.01)
    assert len(written) >= 2
    assert optimizer.param_groups[0]["lr"] < 0.05, "it falls to nothing"


def test_a_generator_trained_by_the_clock_is_a_generator(
    crystals: list[Crystal], tmp_path: Path
) -> None:
    settings = ClockSettings(minutes=0.03, warmup=5)
    path, progress = train_generator_by_the_clock(
        crystals, tmp_path, settings, 64, "cpu", sizes=("tiny",)
    )
    model = load_flow_model(path)
    assert model.card["steps"] == progress.steps > 0
    assert model.card["max_atoms"] == 11
    assert model.prior is None
    moved = model.network.coordinate_head.weight.abs().max()
    assert moved > 0, "the first guess, no motion, was left"


def test_the_largest_network_is_taken_that_sees_enough(
    crystals: list[Crystal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ClockSettings(minutes=0.002)
    for enough, expected in ((1, "small"), (10**12, "tiny")):
        monkeypatch.setattr("dao_core.training.by_the_clock.generator.ENOUGH", enough)
        path, _ = train_generator_by_the_clock(
            crystals, tmp_path / expected, settings, 32, "cpu", sizes=("small", "tiny")
        )
        assert load_flow_model(path).card["config"] == expected
