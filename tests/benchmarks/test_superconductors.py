"""The regressions of critical temperatures: folds, other features where they predict, gains."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def superconductors() -> ModuleType:
    return importlib.import_module("superconductors")


@pytest.fixture
def labels(superconductors: ModuleType) -> Any:
    """Forty crystals of twenty formulas, whose label is the second feature of their structure."""
    rng = np.random.default_rng(0)
    structure = rng.normal(size=(40, 2))
    formulas = np.array([f"A{i // 2}" for i in range(40)])
    composition = np.repeat(rng.normal(size=(20, 3)), 2, axis=0)
    return superconductors.Labelled(formulas, structure[:, 1], composition, structure, [])


def test_a_formula_is_in_one_fold(superconductors: ModuleType, labels: Any) -> None:
    folds = superconductors.folds_by_group(labels.formulas, 5, seed=1)
    assert sorted(np.concatenate(folds)) == list(range(40))
    sets = [set(labels.formulas[fold]) for fold in folds]
    assert sum(map(len, sets)) == len(set.union(*sets)) == 20


def test_predictions_are_of_the_features_that_stand_in(
    superconductors: ModuleType, labels: Any
) -> None:
    train, test = np.arange(30), np.arange(30, 40)
    known = superconductors.regression([labels.structure], labels)(train, test)
    assert np.abs(known - labels.target[test]).mean() < np.abs(labels.target[test]).mean() / 2
    other = labels.structure[::-1].copy()
    stand_in = superconductors.regression([labels.structure], labels, [other])(train, test)
    # rows 30 to 39 have been replaced by rows 9 to 0, which were learned
    np.testing.assert_allclose(stand_in, labels.target[9::-1], atol=0.5)


def test_gains_are_over_the_composition_with_the_same_labels(superconductors: ModuleType) -> None:
    errors = {
        "mean": [np.array([2.0, 4.0])],
        "composition": [np.array([1.0, 2.0])],
        "composition + generated structure, learned on known ones": [np.array([0.5, 1.0])],
        "composition, taught by Alexandria": [np.array([3.0, 3.0])],
        "composition + structure, taught by Alexandria": [np.array([1.0, 2.0])],
    }
    gains = [superconductors._row(name, errors)["gain by structure"] for name in errors]
    assert gains == [None, None, 0.75, None, 1.5]
