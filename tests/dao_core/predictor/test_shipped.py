"""The model that ships: what a user may rely on."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from dao_core.checkpoints.format import checkpoint_hash
from dao_core.crystal.batch import CrystalBatch
from dao_core.evaluation.energy_benchmark import energies_of
from dao_core.predictor import PredictorPotential, load_predictor
from dao_core.predictor.checkpoint import predictor_path
from dao_core.training.predictor_card import card_markdown
from dao_core.training.predictor_labels import FORMATION_ENERGY, read_clean_crystals
from dao_core.training.teacher_prototypes import prototype_structure

BINARY = ("rocksalt", "caesium-chloride", "zincblende", "wurtzite", "nickel-arsenide")
ELEMENTAL = ("diamond", "fcc", "bcc", "sc", "hcp", "beta-tin", "graphite")


@pytest.fixture(scope="module")
def shipped() -> PredictorPotential:
    return load_predictor()


def lowest_prototype(
    potential: PredictorPotential, names: tuple[str, ...], a: int, b: int | None
) -> tuple[str, float]:
    """Name and volume per atom (cubic angstrom) of the best point of volume scans."""
    scans = [
        (name, prototype_structure(name, a, b, scale))
        for name in names
        for scale in np.linspace(0.9, 1.25, 15)
    ]
    batch = CrystalBatch.from_structures([structure for _, structure in scans])
    per_atom = potential.evaluate(batch).energy / batch.natoms
    name, structure = scans[int(per_atom.argmin())]
    return name, structure.volume / len(structure)


def test_it_loads_within_a_second_and_names_its_file(shipped):
    start = time.process_time()
    again = load_predictor()
    assert time.process_time() - start < 1.0
    assert again.level == shipped.level == f"dao-p@{checkpoint_hash(predictor_path('dao-p'))}"


@pytest.mark.parametrize(
    ("a", "b", "names", "expected", "volume"),
    [
        (12, 8, BINARY, "rocksalt", 9.6),
        (11, 17, BINARY, "rocksalt", 23.0),
        (30, 16, BINARY[:3], "zincblende", 19.9),
        (14, None, ELEMENTAL, "diamond", 20.4),
        (26, None, ELEMENTAL, "bcc", 11.4),
    ],
    ids=["MgO", "NaCl", "ZnS", "Si", "Fe"],
)
def test_textbook_ground_states(shipped, a, b, names, expected, volume):
    name, found = lowest_prototype(shipped, names, a, b)
    assert name == expected
    assert found == pytest.approx(volume, rel=0.2)


def test_single_precision_keeps_the_invariances(shipped):
    crystal = prototype_structure("wurtzite", 30, 8).copy().perturb(0.1)
    single = shipped.evaluate(CrystalBatch.from_structures([crystal]))
    shifted = crystal.copy().translate_sites(range(len(crystal)), [0.3, 0.2, 0.6])
    other = shipped.evaluate(CrystalBatch.from_structures([shifted.make_supercell([2, 1, 1])]))
    per_atom = float(single.energy[0]) / len(crystal)
    assert float(other.energy[0]) / (2 * len(crystal)) == pytest.approx(per_atom, abs=2e-5)
    assert torch.isfinite(single.energy_std).all()


def test_the_card_says_what_the_file_says(shipped):
    path = predictor_path("dao-p")
    markdown = path.with_suffix(".md").read_text()
    card = card_markdown(path, checkpoint_hash(path)).rstrip()
    assert markdown.startswith(card), "benchmarks may follow"
    assert "CC BY 4.0" in markdown
    assert shipped.card["manifest_hash"] in markdown


def test_formation_energies_of_held_out_formulas(shipped, shared):
    crystals = read_clean_crystals([shared / "data" / "validation" / "public_val.json.gz"], 12)[
        :200
    ]
    found = energies_of([crystal.structure() for crystal in crystals], shipped).formation
    wanted = np.array([crystal.labels[FORMATION_ENERGY] for crystal in crystals])
    assert len(found) == 200
    assert np.abs(found - wanted).mean() < 0.08
