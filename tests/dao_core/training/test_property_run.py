"""A property from record files: folds by formula, errors on the unseen, what was left out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pymatgen.core import Structure

from dao_core.checkpoints.format import save_checkpoint
from dao_core.errors import InputError
from dao_core.predictor.checkpoint import KIND
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel
from dao_core.predictor.property_model import load_property_model
from dao_core.training.predictor_property import PropertyTraining
from dao_core.training.property_run import (
    FOLDS,
    PropertySources,
    folds_by_formula,
    train_property,
)
from dao_core.training.teacher_prototypes import prototype_structure

SETTINGS = PropertyTraining(epochs=25, learning_rate=5e-3)


@pytest.fixture
def backbone(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = EnergyModel(named_config("tiny-physical"))
    path = tmp_path / "backbone.safetensors"
    save_checkpoint(path, model.state_dict(), {"kind": KIND, "config": "tiny-physical"})
    return path


def structures() -> list[Structure]:
    """Forty binaries of twenty formulas."""
    return [
        prototype_structure(name, a, b, 1.0)
        for a in (3, 11, 19, 12, 20)
        for b in (8, 9, 16, 17)
        for name in ("rocksalt", "zincblende")
    ]


def write(path: Path, labels: list[object]) -> Path:
    records = [
        {
            "material_id": str(row),
            "lattice": crystal.lattice.matrix.tolist(),
            "atomic_numbers": list(crystal.atomic_numbers),
            "frac_coords": crystal.frac_coords.tolist(),
            "modulus": label,
        }
        for row, (crystal, label) in enumerate(zip(structures(), labels, strict=True))
    ]
    with gzip.open(path, "wt") as file:
        json.dump({"records": records}, file)
    return path


@pytest.mark.training
def test_errors_are_those_on_unseen_formulas(backbone: Path, tmp_path: Path) -> None:
    volumes: list[object] = [10 * s.volume / len(s) for s in structures()]
    volumes[0], volumes[1], volumes[2] = None, -3.0, "soft"
    records = write(tmp_path / "labels.json.gz", volumes)
    folds = []
    sources = PropertySources([records], "modulus", logarithm=True)
    path = train_property(sources, backbone, tmp_path / "out", SETTINGS, lambda: folds.append(1))
    model = load_property_model(path)
    assert len(folds) == len(model.members) == FOLDS
    card = model.card
    assert card["rejected"] == {"no number as modulus": 2, "no logarithm": 1}
    assert card["crystals"] == 37
    logs = np.log([v for v in volumes[3:] if isinstance(v, float)])
    assert card["mae_of_the_mean"] == pytest.approx(np.abs(logs - logs.mean()).mean(), rel=0.2)
    assert card["mae_unseen"] < card["mae_of_the_mean"]


def test_a_formula_is_in_one_fold() -> None:
    crystals = structures()
    folds = folds_by_formula(crystals, seed=3)
    assert sorted(np.concatenate(folds).tolist()) == list(range(len(crystals)))
    formulas = [{crystals[i].composition.reduced_formula for i in fold} for fold in folds]
    assert sum(len(names) for names in formulas) == len(set.union(*formulas))
    with pytest.raises(InputError, match="5 folds need"):
        folds_by_formula(crystals[:4], seed=0)
