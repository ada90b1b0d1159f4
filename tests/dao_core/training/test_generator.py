"""A real, tiny training run: it learns, writes a model that loads, and resumes."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pymatgen.core import Composition

from dao_core.checkpoints.format import checkpoint_hash, load_checkpoint
from dao_core.errors import InputError
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.generate import load_generator
from dao_core.generator.model_file import KIND, load_flow_model
from dao_core.potentials import load_potential
from dao_core.training.generator import GeneratorSources, GeneratorTraining, train_generator
from dao_core.training.relaxed_records import RecordRelaxation, relax_records
from dao_core.training.run import claim_folder

SETTINGS = GeneratorTraining(
    size="tiny",
    steps=120,
    atoms_per_batch=64,
    learning_rate=5e-3,
    warmup=5,
    ema_decay=0.9,
    precision="32-true",
    max_atoms=4,
    metric_steps=3,
)


@pytest.mark.training
def test_training_learns_ships_and_resumes(record_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    sources = GeneratorSources([record_file], [record_file])
    model = train_generator(sources, folder, SETTINGS)
    with (folder / "logs/version_0/metrics.csv").open() as file:
        losses = [float(row["coordinates"]) for row in csv.DictReader(file) if row["coordinates"]]
    assert losses[-1] < 0.85 * losses[0]

    _, card = load_checkpoint(model, KIND)
    assert card["train_crystals"] == 64
    assert card["settings"]["steps"] == 120
    generator = load_generator(str(model))
    crystal = next(iter(generator.generate([Composition("NaCl")], 1, steps=5)))
    assert crystal.structure.composition.reduced_formula == "NaCl"

    longer = replace(SETTINGS, steps=130)
    train_generator(sources, folder, longer)
    with (folder / "logs/version_1/metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert max(steps) >= 124
    assert steps[0] > 114, "a resumed run starts where the last one ended"


@pytest.mark.training
def test_hours_of_a_run_are_those_of_all_its_starts(record_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    sources = GeneratorSources([record_file], [record_file])
    timed = replace(SETTINGS, hours=6 / 3600, warmup=1, checkpoint_minutes=0.01)
    begun = time.monotonic()
    train_generator(sources, folder, timed)
    assert time.monotonic() - begun < 24
    state = torch.load(folder / "last.ckpt", weights_only=False)
    timer = next(state["callbacks"][name] for name in state["callbacks"] if "Timer" in name)
    (rate,) = {group["lr"] for group in groups(state) if "ns_steps" in group}
    share = timer["time_elapsed"]["train"] / 6
    assert 0.1 < share < 1.05
    expected = SETTINGS.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1, share)))
    assert rate == pytest.approx(expected, abs=0.25 * SETTINGS.learning_rate)

    finished = replace(timed, hours=0.5 * share * 6 / 3600)
    train_generator(sources, folder, finished)
    assert (folder / "logs/version_1").is_dir()
    assert not (folder / "logs/version_1/metrics.csv").exists(), "its hours were used up before"


def groups(state: dict) -> list[dict]:
    (optimizer,) = state["optimizer_states"]
    return [group for part in optimizer.values() for group in part["param_groups"]]


@pytest.mark.training
def test_stage_two_goes_on_from_stage_one_on_relaxed_crystals(
    record_file: Path, tmp_path: Path
) -> None:
    quick = replace(SETTINGS, steps=6)
    first = train_generator(GeneratorSources([record_file], [record_file]), tmp_path / "1", quick)
    with pytest.raises(InputError, match="stage 2 goes on from"):
        train_generator(GeneratorSources([record_file], [record_file], 2), tmp_path / "2", quick)
    raw = GeneratorSources([record_file], [record_file], 2, first)
    with pytest.raises(InputError, match="dao train relax"):
        train_generator(raw, tmp_path / "2", quick)
    potential = load_potential("ase:ase.calculators.lj:LennardJones")
    settings = RecordRelaxation(max_steps=0)
    relax_records([record_file], potential, tmp_path / "relaxed", settings)
    relaxed = [tmp_path / "relaxed/relaxed-00000.json.gz"]
    still = replace(quick, learning_rate=1e-9)
    second = train_generator(
        GeneratorSources(relaxed, [record_file], 2, first), tmp_path / "2", still
    )
    before, after = load_flow_model(first), load_flow_model(second)
    assert (after.card["stage"], after.card["start"]) == (2, checkpoint_hash(first))
    weights = after.network.state_dict()
    for name, tensor in before.network.state_dict().items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-3, atol=1e-5)
    for model in (before, after):
        assert model.prior is not None
        assert list(model.prior.library.groups) == [(1, 1)]
        assert len(model.prior.library) == 1, "the toy crystals share one prototype"


def test_a_folder_holds_one_run(record_file: Path, tmp_path: Path) -> None:
    claim_folder(tmp_path / "run", SETTINGS, {"manifest_hash": "a"})
    claim_folder(tmp_path / "run", replace(SETTINGS, steps=7), {"manifest_hash": "a"})
    with pytest.raises(InputError, match="other manifest_hash"):
        claim_folder(tmp_path / "run", SETTINGS, {"manifest_hash": "b"})
    with pytest.raises(InputError, match="cannot hold"):
        claim_folder(record_file, SETTINGS, {})


@pytest.mark.training
def test_a_run_that_stopped_anywhere_ends_where_it_would_have(
    record_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = GeneratorSources([record_file], [record_file])
    settings = replace(SETTINGS, steps=14, atoms_per_batch=16, checkpoint_minutes=1e-6)
    whole = train_generator(sources, tmp_path / "whole", settings)
    calls = iter(range(100))

    def failing(*arguments: object) -> object:
        if next(calls) == 11:
            raise RuntimeError("power cut")
        return flow_matching_loss(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("dao_core.training.generator.flow_matching_loss", failing)
        with pytest.raises(RuntimeError, match="power cut"):
            train_generator(sources, tmp_path / "stopped", settings)
    stopped = train_generator(sources, tmp_path / "stopped", settings)
    expected, found = (load_checkpoint(path, KIND)[0] for path in (whole, stopped))
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-6)
