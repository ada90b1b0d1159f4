"""Property fine-tuning: a scalar that follows from the structure is learned from few labels."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from dao_core.errors import InputError
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel
from dao_core.predictor.property_model import load_property_model, save_property_model
from dao_core.training.predictor_property import (
    PropertyTraining,
    fine_tune_property,
    predict_property,
)
from dao_core.training.teacher_prototypes import prototype_structure


@pytest.fixture(scope="module")
def backbone() -> EnergyModel:
    torch.manual_seed(0)
    return EnergyModel(named_config("tiny-physical"))


@pytest.mark.training
def test_a_property_is_learned_saved_and_loaded(backbone, tmp_path):
    rng = np.random.default_rng(0)
    scales = rng.uniform(0.9, 1.2, 40)
    structures = [
        prototype_structure(("rocksalt", "zincblende")[i % 2], 12, 8, s)
        for i, s in enumerate(scales)
    ]
    values = 100 + 50 * scales
    settings = PropertyTraining(epochs=80, learning_rate=5e-3)
    weights = backbone.hidden.weight.clone()
    model = fine_tune_property(backbone, structures[:30], values[:30], settings)
    predicted = predict_property(model, structures[30:])
    error = np.abs(predicted - values[30:]).mean()
    assert error < 0.5 * np.abs(values[:30].mean() - values[30:]).mean()
    assert torch.equal(backbone.hidden.weight, weights)
    path = tmp_path / "property.safetensors"
    save_property_model(path, [model, copy.deepcopy(model)], "tiny-physical", {"label": "made up"})
    again = predict_property(load_property_model(path), structures[30:])
    np.testing.assert_allclose(again, np.stack([predicted, predicted], axis=1), rtol=1e-5)
    nowhere = structures[30].copy()
    nowhere.translate_sites([0], [np.nan, 0, 0], to_unit_cell=False)
    mixed = predict_property(model, [structures[31], nowhere, structures[30]])
    np.testing.assert_allclose(mixed[[0, 2]], predicted[[1, 0]], rtol=1e-5)
    assert np.isnan(mixed[1])


def test_labels_must_be_finite_and_match(backbone):
    structures = [prototype_structure("fcc", 29), prototype_structure("bcc", 26)]
    for values in ([1.0], [1.0, float("nan")], [1.0, 2.0, 3.0]):
        with pytest.raises(InputError, match="finite"):
            fine_tune_property(backbone, structures, values)
