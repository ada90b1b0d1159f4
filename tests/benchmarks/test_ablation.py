"""The ablation: one head of DAO-P in the place of all, and which variants there are."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import load_potential
from dao_core.predictor import PredictorPotential


@pytest.fixture(scope="module")
def ablation() -> ModuleType:
    return importlib.import_module("ablation")


@pytest.fixture(scope="module")
def predictor() -> PredictorPotential:
    potential = load_potential("dao-p")
    assert isinstance(potential, PredictorPotential)
    return potential


def test_the_heads_alone_average_to_all(
    ablation: ModuleType, predictor: PredictorPotential
) -> None:
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    diamond = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.4), ["Si"], [[0, 0, 0]])
    batch = CrystalBatch.from_structures([rocksalt, diamond])
    heads = [ablation.one_head(predictor, head) for head in range(4)]
    energies = torch.stack([head.evaluate(batch).energy for head in heads])
    torch.testing.assert_close(
        energies.mean(0), predictor.evaluate(batch).energy, rtol=1e-5, atol=1e-4
    )
    assert energies.std(0).min() > 1e-4
    assert len({head.level for head in heads} | {predictor.level}) == 5


def test_variants_differ_in_one_thing(ablation: ModuleType, predictor: PredictorPotential) -> None:
    variants = list(ablation.variants("dao-g", predictor, quick=False))
    variants += ablation.other_models({"again": "dao-g"}, predictor)
    names = [one.name for one in variants]
    assert len(set(names)) == len(names) == 8
    used = variants[0].sampler.identity
    changed = {
        one.name: {key for key in used if one.sampler.identity[key] != used[key]}
        for one in variants
    }
    assert changed["as used"] == changed["one head of DAO-P"] == set()
    assert changed["from noise"] == changed["from noise, again"] == {"prototypes"}
    assert changed["from noise, slope 0"] == {"prototypes", "slope"}
    assert changed["from noise, 10 steps"] == {"prototypes", "steps"}
