"""A round of DAO-P: what it replays, and that it learns without forgetting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.checkpoints.format import read_card
from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.validity import invalid_reason
from dao_core.potentials.base import Potential
from dao_core.predictor.potential import PredictorPotential, load_predictor
from dao_core.training.retraining_predictor import retrain_predictor
from dao_core.training.retraining_replay import prototype_crystals, replay_count, without_labelled
from dao_core.training.retraining_settings import PREDICTOR_RETRAINING
from dao_core.training.teacher_prototypes import prototype_structure
from dao_core.training.teacher_shards import LabelledStructure

SHIFT = 0.3
"""eV/atom that the labels of the test add to rocksalts."""
SHORT = replace(PREDICTOR_RETRAINING, steps=60)


@pytest.fixture(scope="module")
def shipped() -> PredictorPotential:
    """The DAO-P of the package."""
    return load_predictor("dao-p")


def energies(potential: Potential, crystals: list[Structure]) -> np.ndarray:
    """Energies per atom."""
    answer = potential.evaluate(CrystalBatch.from_structures(crystals))
    return answer.energy.numpy() / [len(one) for one in crystals]


def rocksalts() -> list[Structure]:
    pairs = [(a, b) for a in (11, 12, 19, 20) for b in (8, 9, 17, 35)]
    return [prototype_structure("rocksalt", a, b, 1.05) for a, b in pairs]


def shifted_labels(potential: PredictorPotential) -> list[LabelledStructure]:
    """What a model says of rocksalts, all of them a little higher."""
    level = potential.card["label_levels"][0]
    crystals = rocksalts()
    answer = potential.evaluate(CrystalBatch.from_structures(crystals))
    return [
        LabelledStructure(
            crystal, float(answer.energy[row]) + SHIFT * len(crystal),
            answer.forces[row, : len(crystal)].numpy(), answer.stress[row].numpy(), level,
            str(row), "test",
        )
        for row, crystal in enumerate(crystals)
    ]  # fmt: skip


def test_prototypes_are_sound_crystals_of_many_elements() -> None:
    crystals = prototype_crystals(range(1, 84), 40, seed=0)
    assert len(crystals) == 40
    assert not any(invalid_reason(one) for one in crystals)
    assert len({element for one in crystals for element in one.composition.elements}) > 30
    assert {len(one.composition.elements) for one in crystals} == {1, 2, 3}
    assert prototype_crystals(range(1, 84), 40, seed=0) == crystals
    assert prototype_crystals([2, 10, 18], 5, seed=0) == []


def test_a_crystal_with_a_label_is_not_replayed_whatever_its_cell() -> None:
    salt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.6), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    other = prototype_structure("rocksalt", 12, 8, 1.05)
    assert without_labelled([salt, other], [salt.get_primitive_structure()]) == [other]


@pytest.mark.parametrize("known", [True, False], ids=["known crystals", "prototypes"])
def test_it_learns_its_labels_and_keeps_the_rest(
    shipped: PredictorPotential, tmp_path: Path, known: bool
) -> None:
    others = [prototype_structure("L1_2", a, b, 1.0) for a in (13, 28, 46) for b in (22, 29, 47)]
    replay = others[::2] if known else []
    file = retrain_predictor(
        "dao-p", shifted_labels(shipped), replay, tmp_path / "dao-p.safetensors", SHORT
    )
    learned = load_predictor(file)
    moved = energies(learned, rocksalts()) - energies(shipped, rocksalts())
    assert moved.mean() == pytest.approx(SHIFT, abs=0.1)
    elsewhere = np.abs(energies(learned, others[1::2]) - energies(shipped, others[1::2]))
    assert elsewhere.mean() < 0.035  # 0.053 without replay
    assert read_card(file)["retrained_on"]["replayed"] > 90  # some variants are no crystals


def test_few_labels_are_not_learned_by_heart() -> None:
    assert replay_count(8, 1.0) == 100
    assert replay_count(300, 2.0) == 600
    assert replay_count(300, 0.0) == 0
