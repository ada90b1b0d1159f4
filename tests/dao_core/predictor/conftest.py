"""A small physical predictor with random weights, in double precision, and crystals for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.predictor.checkpoint import LoadedPredictor
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel
from dao_core.predictor.potential import PredictorPotential


@pytest.fixture(scope="session")
def energy_model() -> EnergyModel:
    """Random weights, outputs enlarged so that energies depend visibly on the geometry."""
    torch.manual_seed(7)
    model = EnergyModel(named_config("tiny-physical")).double()
    with torch.no_grad():
        model.outputs.mul_(20.0)
        model.reference.copy_(-torch.arange(101.0) / 20)
    return model.requires_grad_(requires_grad=False)


@pytest.fixture(scope="session")
def potential(energy_model: EnergyModel) -> PredictorPotential:
    card = {"max_atoms": 24, "elements": [3, 8, 12, 14, 22]}
    return PredictorPotential(LoadedPredictor(energy_model, card, "0123abcd"))


@pytest.fixture
def titanate() -> Structure:
    """A low-symmetry crystal of seven atoms and three elements."""
    rng = np.random.default_rng(3)
    lattice = Lattice.from_parameters(4.1, 4.9, 6.2, 83, 97, 104)
    frac_coords = [
        [0.02, 0.01, 0.03],
        [0.48, 0.53, 0.50],
        [0.55, 0.05, 0.22],
        [0.08, 0.47, 0.24],
        [0.52, 0.49, 0.02],
        [0.06, 0.45, 0.75],
        [0.50, 0.03, 0.70],
    ]
    species = ["Li", "Ti", "O", "O", "O", "Mg", "O"]
    return Structure(lattice, species, np.array(frac_coords) + rng.normal(0, 0.01, (7, 3)))


@pytest.fixture
def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ).get_primitive_structure()


@pytest.fixture
def double_batch():
    """Structures to a batch in double precision."""

    def build(*structures: Structure) -> CrystalBatch:
        return CrystalBatch.from_structures(structures, dtype=torch.float64)

    return build
