"""Labels of a foreign level on the scale of a model, and the gate that compares models."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.training.retraining_data import energies_per_atom, on_scale, reference_shift
from dao_core.training.retraining_gate import judge
from dao_core.training.teacher_shards import LabelledStructure


def label(species: list[str], per_atom: float) -> LabelledStructure:
    coords = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]][: len(species)]
    structure = Structure(Lattice.cubic(4), species, coords)
    n = len(species)
    nothing = np.full((n, 3), np.nan), np.full((3, 3), np.nan)
    return LabelledStructure(structure, per_atom * n, *nothing, "qe", "a", "b")


def test_what_compounds_have_against_their_elements_is_left_to_be_learned() -> None:
    labels = [
        label(["K"], -100.0), label(["P"], -200.0), label(["P", "P"], -199.0),
        label(["K", "P"], -151.0), label(["K", "K", "P"], -134.3),
    ]  # fmt: skip
    predicted = np.array([-1.0, -5.0, -5.2, -4.0, -3.2])
    shift = reference_shift(labels, predicted)
    assert shift[[19, 15]] == pytest.approx([-99.0, -195.0])
    left = energies_per_atom(on_scale(labels, shift)) - predicted
    assert left[:2] == pytest.approx([0.0, 0.0])
    assert left[3] == pytest.approx(-151.0 + 147.0 + 4.0)


def test_elements_without_a_label_follow_from_their_compounds() -> None:
    labels = [label(["K"], -100.0), label(["K", "P"], -150.0)]
    shift = reference_shift(labels, np.array([-1.0, -4.0]))
    assert shift[19] == pytest.approx(-99.0)
    assert (shift[19] + shift[15]) / 2 == pytest.approx(-146.0)


def test_a_worse_model_never_passes_however_much_its_differences_scatter() -> None:
    before = np.full(64, 0.0724)
    scattered = before + 0.006 + np.random.default_rng(0).normal(0, 0.05, 64)
    verdict = judge({"energy": before}, {"energy": scattered})
    assert scattered.mean() > 1.05 * before.mean()
    assert not verdict.accepted
    assert judge({"energy": before}, {"energy": 1.03 * before}).accepted
