"""What earlier releases wrote is read by this one, after `dao store migrate` where it says so.

``first_schema`` was written by the first code of this project that had a store; what belongs to
``release_0_1_0`` by that release.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.potentials import load_potential
from stores import open_store
from stores.documents import DOCUMENTS, LabelDocument, ManifestDocument, StructureDocument
from stores.maintenance import back_up, check, migrate, outdated, restore
from stores.registry import serving

ENERGY, FORCE = -0.06597905606, 0.00061682146
"""eV and eV/angstrom, as the release said."""
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Folder of a store that the first code wrote: two labels, a training set, a model."""
    content = gzip.decompress((FIXTURES / "first_schema" / "store.sqlite.gz").read_bytes())
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "store.sqlite").write_bytes(content)
    return tmp_path / "old"


def test_a_store_of_the_first_schema_is_upgraded_and_nothing_is_lost(
    old: Path, tmp_path: Path
) -> None:
    with open_store(old) as store:
        counts = {name: one.count() for name, one in store.collections.items()}
        assert outdated(store) == {"labels": 2, "manifests": 1, "models": 1}
        with pytest.raises(InputError, match="dao store migrate"):
            serving(store, "predictor")
        back_up(store, tmp_path / "backup")
        report = migrate(store)
        assert (report.failed, report.lost, outdated(store)) == ({}, {}, {})
        (fault,) = check(store)
        assert fault.what == "missing; models/abc names it", "whose file is not in the fixture"
        assert {name: one.count() for name, one in store.collections.items()} == counts
        for kind in DOCUMENTS:
            list(store.find(kind))  # each is of the present schema
        labels = {one.formula: one.energy_per_atom for one in store.find(LabelDocument)}
        assert labels == {"MgO": -6.0, "Mg": -1.5}
        (manifest,) = store.find(ManifestDocument)
        known = {f"labels/{one.id}" for one in store.find(LabelDocument)}
        assert {entry.example_id for entry in manifest.entries} == known
        model = serving(store, "predictor")
        assert model is not None
        assert (model.name, model.registered.year) == ("first", 2026)
        crystals = [one.to_pymatgen() for one in store.find(StructureDocument)]
        ids = {one.id for one in store.find(StructureDocument)}
        assert {StructureDocument.from_structure(one).id for one in crystals} == ids, "identity"
    restore(tmp_path / "backup", str(tmp_path / "again"))
    with open_store(tmp_path / "again") as store:
        assert migrate(store).failed == {}


def test_a_model_of_the_first_release_predicts_what_it_did() -> None:
    potential = load_potential(f"dao-p:{FIXTURES / 'release_0_1_0' / 'predictor.safetensors'}")
    crystal = Structure(Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.45]])
    found = potential.evaluate(CrystalBatch.from_structures([crystal]))
    assert float(found.energy[0]) == pytest.approx(ENERGY, rel=1e-3)
    assert float(found.forces.abs().max()) == pytest.approx(FORCE, rel=1e-3)
