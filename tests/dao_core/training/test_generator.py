"""A real, tiny training run: it learns, writes a model that loads, and resumes."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition

from dao_core.checkpoints.format import load_checkpoint
from dao_core.generator.generate import KIND, load_generator
from dao_core.training.generator import GeneratorTraining, train_generator

SETTINGS = GeneratorTraining(
    size="tiny",
    steps=120,
    atoms_per_batch=64,
    learning_rate=5e-3,
    warmup=5,
    ema_decay=0.9,
    precision="32-true",
    max_atoms=4,
)


@pytest.fixture
def record_file(tmp_path: Path) -> Path:
    """Rocksalts and caesium chlorides of many sizes: two atoms at half the cell."""
    random = np.random.default_rng(0)
    records = []
    for index in range(64):
        edge = random.uniform(2.5, 4.0)
        records.append(
            {
                "material_id": str(index),
                "lattice": (edge * np.eye(3)).tolist(),
                "atomic_numbers": [int(random.integers(3, 40)), int(random.integers(41, 60))],
                "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
            }
        )
    path = tmp_path / "toy.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"records": records}, file)
    return path


@pytest.mark.training
def test_training_learns_ships_and_resumes(record_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    model = train_generator([record_file], [record_file], folder, SETTINGS)
    with (folder / "metrics.csv").open() as file:
        losses = [float(row["coordinates"]) for row in csv.DictReader(file) if row["coordinates"]]
    assert losses[-1] < 0.85 * losses[0]

    _, card = load_checkpoint(model, KIND)
    assert card["train_crystals"] == 64
    assert card["settings"]["steps"] == 120
    generator = load_generator(str(model))
    crystal = next(iter(generator.generate([Composition("NaCl")], 1, steps=5)))
    assert crystal.structure.composition.reduced_formula == "NaCl"

    longer = replace(SETTINGS, steps=130)
    train_generator([record_file], [record_file], folder, longer)
    with (folder / "metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert max(steps) >= 124
    assert steps[0] > 114, "a resumed run starts where the last one ended"
