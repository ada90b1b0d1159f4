"""A small world: copper and gold with EMT as the truth, tiny untrained models that serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.calculators.emt import EMT
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.checkpoints.format import save_checkpoint
from dao_core.crysformer.config import named_config as crysformer
from dao_core.generator.model_file import KIND as GENERATOR
from dao_core.generator.velocity import VelocityNetwork
from dao_core.predictor.checkpoint import KIND as PREDICTOR
from dao_core.predictor.config import named_config as predictor
from dao_core.predictor.energy_model import EnergyModel
from stores import DaoStore, open_store
from stores.builders import register_test_set
from stores.documents import LabelDocument, StructureDocument
from stores.registry import promote, register_model

LEVEL = "emt"


def random_alloys(seed: int, n: int, species: tuple[str, ...] = ("Cu", "Au")) -> list[Structure]:
    """Random fcc alloys of four atoms, strained and rattled."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        kinds = rng.choice(species, size=4).tolist()
        edge = np.mean([3.62 if kind == "Cu" else 4.08 for kind in kinds]) * rng.uniform(0.95, 1.08)
        corners = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
        crystal = Structure(Lattice.cubic(edge), kinds, corners)
        made.append(crystal.perturb(0.08))
    return made


def label(crystal: Structure, source: str = "validation", shift: float = 0.0) -> LabelDocument:
    """An EMT label of a crystal."""
    atoms = AseAtomsAdaptor.get_atoms(crystal)
    atoms.calc = EMT()
    return LabelDocument.of(
        crystal,
        level=LEVEL,
        source=source,
        energy_per_atom=float(atoms.get_potential_energy()) / len(crystal) + shift,
        forces=atoms.get_forces().tolist(),
    )


@pytest.fixture
def alloys() -> Callable[..., list[Structure]]:
    """Random alloys by seed and number."""
    return random_alloys


@pytest.fixture
def add_labels() -> Callable[[DaoStore, list[LabelDocument]], None]:
    """Write labels and their crystals."""
    return add


def add(store: DaoStore, labels: list[LabelDocument]) -> None:
    store.put([StructureDocument.from_structure(one.to_pymatgen()) for one in labels])
    store.put(labels)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """URI of a store with labels, a hold-out of other formulas, and models that serve."""
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    energy = EnergyModel(predictor("tiny-physical"))
    card = {"kind": PREDICTOR, "config": "tiny-physical", "elements": [29, 79], "max_atoms": 8,
            "label_levels": [LEVEL]}  # fmt: skip
    save_checkpoint(tmp_path / "p.safetensors", energy.state_dict(), card)
    network = VelocityNetwork(crysformer("tiny"))
    card = {"kind": GENERATOR, "config": "tiny", "max_atoms": 8}
    save_checkpoint(tmp_path / "g.safetensors", network.state_dict(), card)
    uri = str(tmp_path / "store")
    with open_store(uri) as store:
        for kind, file in (("predictor", "p"), ("generator", "g")):
            model = register_model(
                store, tmp_path / f"{file}.safetensors", kind=kind, name=f"first-{file}"
            )
            promote(store, model.id, reason="the first")
        pure = [Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), [s], [[0, 0, 0]])
                for s, a in (("Cu", 3.6), ("Au", 4.06))]  # fmt: skip
        everything = [*pure, *random_alloys(1, 40)]
        held = [one for one in everything if one.composition.reduced_formula == "CuAu"]
        register_test_set(store, "holdout", held)
        add(store, [label(one) for one in everything])
    return uri


@pytest.fixture
def nonsense() -> list[LabelDocument]:
    """Labels 4 eV/atom too low, more than the sound ones; none of the hold-out's formula."""
    labels = [label(one, shift=-4.0) for one in random_alloys(2, 120)]
    return [one for one in labels if one.formula != "CuAu"]
