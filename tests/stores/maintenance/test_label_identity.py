"""Labels of the first schema get the ids of their content; what names had destroyed is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymatgen.core import Structure

from stores import DaoStore
from stores.builders import ExampleBuilder, HullBuilder
from stores.documents import (
    ExampleDocument,
    LabelDocument,
    ManifestDocument,
    ManifestEntry,
    StructureDocument,
    ThermoDocument,
    ValidationDocument,
)
from stores.maintenance import migrate


@pytest.fixture
def put_old(store: DaoStore) -> Callable[..., str]:
    """Write a label as the first schema did, under an id that follows from a name."""

    def put(name: str, crystal: Structure, energy: float, **facts: Any) -> str:
        given = {"level": "t", "source": "files:data.extxyz", **facts}
        label = LabelDocument.of(crystal, energy_per_atom=energy, **given).to_store()
        del label["withdrawn"], label["former_ids"]
        store.put(StructureDocument.from_structure(crystal))
        store.labels.update({**label, "label_id": name, "schema_version": 1})
        return name

    return put


def _cite(store: DaoStore, old: str, structure_id: str) -> None:
    """Documents that cite a label by its old id."""
    entry = ManifestEntry(
        example_id=f"labels/{old}", structure_id=structure_id, training_class="stable"
    )
    check = ValidationDocument(
        validation_id="v-1", structure_id=structure_id, protocol="p", protocol_fingerprint="f",
        level="t", state="done", label_id=old,
    )  # fmt: skip
    thermo = ThermoDocument(
        thermo_id=f"{structure_id}@t", structure_id=structure_id, level="t", hull_id="Mg-O@t",
        energy_per_atom=-4.0, sources=[{"collection": "labels", "id": old}], formula="MgO",
        formula_anonymous="AB", chemsys="Mg-O", elements=["Mg", "O"], nelements=2, nsites=2,
    )  # fmt: skip
    example = ExampleDocument(
        example_id=f"labels/{old}", structure_id=structure_id, formula="MgO", level="t",
        training_class="stable",
    )  # fmt: skip
    store.put([ManifestDocument(manifest_id="m", level="t", entries=[entry]), check])
    store.put([thermo, example])


def test_what_cites_a_label_cites_its_new_id(store, rocksalt, put_old) -> None:
    old = put_old("l-named", rocksalt(), -4.0)
    stored = store.labels.query_one({"label_id": old})
    _cite(store, old, stored["structure_id"])
    report = migrate(store)
    assert (report.migrated, report.failed, report.lost) == ({"labels": 1}, {}, {})
    (label,) = store.find(LabelDocument)
    again = LabelDocument.of(rocksalt(), level="t", source="another", energy_per_atom=-4.0)
    assert (label.id, label.former_ids) == (again.id, [old])
    assert store.get(ManifestDocument, "m").entries[0].example_id == f"labels/{label.id}"
    assert store.get(ValidationDocument, "v-1").label_id == label.id
    (thermo,), (example,) = store.find(ThermoDocument), store.find(ExampleDocument)
    assert thermo.sources == [{"collection": "labels", "id": label.id}]
    assert example.example_id == f"labels/{label.id}"
    HullBuilder(store).build()
    ExampleBuilder(store).build()
    assert (store.thermo.count(), store.examples.count()) == (1, 1)
    assert migrate(store).migrated == {}


def test_a_crystal_whose_label_was_replaced_leaves_the_hull_and_is_named(
    store, rocksalt, put_old
) -> None:
    old = put_old("l-named", rocksalt(), -4.0)
    HullBuilder(store).build()
    (before,) = store.find(ThermoDocument)
    put_old(old, rocksalt(4.9, ("Na", "Cl")), -3.0)
    report = migrate(store)
    assert list(report.lost) == [f"thermo/{before.id}"]
    assert "ingest its own file again" in report.lost[f"thermo/{before.id}"]
    HullBuilder(store).build()
    assert {one.formula for one in store.find(ThermoDocument)} == {"NaCl"}


def test_one_content_under_two_names_becomes_one_label(store, rocksalt, put_old) -> None:
    for name in ("l-a", "l-b"):
        put_old(name, rocksalt(), -4.0)
    migrate(store)
    (label,) = store.find(LabelDocument)
    assert sorted(label.former_ids) == ["l-a", "l-b"]


def test_levels_of_runs_that_named_too_little_are_told(store, rocksalt, put_old) -> None:
    put_old("l-a", rocksalt(), -4.0, level="qe-pbe-c91620e5", source="qe")
    assert "ingest the runs again" in migrate(store).lost["level qe-pbe-c91620e5"]


def test_an_impossible_label_gets_its_id_and_is_left_out(store, rocksalt, put_old) -> None:
    old = put_old("l-a", rocksalt(), -4.0)
    stored = store.labels.query_one({"label_id": old})
    store.labels.update({**stored, "energy_per_atom": float("-inf")})
    assert migrate(store).failed == {}
    assert store.labels.count({"former_ids": "l-a"}) == 1
    assert list(store.find(LabelDocument)) == []
