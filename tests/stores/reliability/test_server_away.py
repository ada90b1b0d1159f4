"""MongoDB over the wire: the same manners, and results wait while the server is away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.potentials import Potential, load_potential
from dao_core.search.conditions import Conditions
from dao_core.search.records import Candidate
from dao_core.search.relaxation import batch_key, relax_missing
from stores import DaoStore, open_store
from stores.builders import HullBuilder, build_training_set, register_test_set
from stores.builders.freshness import BUILDERS, build
from stores.documents import (
    DuplicateDocument,
    ExampleDocument,
    RelaxationDocument,
    StatisticsDocument,
    StructureDocument,
    ThermoDocument,
)
from stores.errors import StoreUnreachableError
from stores.registry import history, promote, register_model, rollback, serving
from stores.search_memory import StoreMemory


def test_documents_and_blobs_over_the_wire(wire_server, rocksalt: Callable[..., Structure]) -> None:
    document = StructureDocument.from_structure(rocksalt())
    with open_store(wire_server.uri) as store:
        assert store.put(document).inserted == 1
        assert store.put(document).unchanged == 1
        assert store.get(StructureDocument, document.id).to_pymatgen() == rocksalt()
        digest = store.blobs.put(b"x" * 300_000)
        assert store.blobs.put(b"x" * 300_000) == digest
        assert store.blobs.get(digest) == b"x" * 300_000
        assert list(store.blobs.digests()) == [digest]
        assert not store.insert_new(document)
        store.structures.remove_docs({"structure_id": document.id})
        assert store.insert_new(document)


def test_models_are_promoted_over_the_wire(wire_server, tmp_path: Path) -> None:
    with open_store(wire_server.uri) as store:
        for name in ("old", "new"):
            (tmp_path / name).write_text(name)
            register_model(store, tmp_path / name, kind="generator", name=name)
            promote(store, name)
        rollback(store, "generator")
        assert serving(store, "generator").name == "old"
        assert [step.number for step in history(store, "generator")] == [1, 2, 3]


def test_builders_over_the_wire(
    wire_server, rocksalt: Callable[..., Structure], element: Callable[..., Structure], put_label
) -> None:
    with open_store(wire_server.uri) as store:
        put_label(store, element("Mg"), -1.0)
        put_label(store, element("O"), -2.0)
        put_label(store, rocksalt(), -4.0)
        assert HullBuilder(store).build().taken_in == 3
        assert HullBuilder(store).build().taken_in == 0
        found = store.find(ThermoDocument, {"formula": "MgO"})
        assert [one.formation_energy_per_atom for one in found] == [pytest.approx(-2.5)]


def test_every_builder_gives_over_the_wire_what_it_gives_elsewhere(
    wire_server, rocksalt: Callable[..., Structure], element: Callable[..., Structure], put_label
) -> None:
    def build_all(store: DaoStore) -> list[dict[str, Any]]:
        put_label(store, element("Mg"), -1.0)
        put_label(store, element("O"), -2.0)
        put_label(store, rocksalt(4.2), -4.0)
        put_label(store, rocksalt(4.23), -3.9)
        taken_in = [report.taken_in for report in build(store, BUILDERS)]
        put_label(store, rocksalt(5.6), -3.7)
        register_test_set(store, "held-out", [rocksalt(5.61)])
        later = [report.taken_in for report in build(store, BUILDERS)]
        assert [report.taken_in for report in build(store, BUILDERS)] == [0, 0, 0, 0]
        manifest = build_training_set(store, "test")
        assert manifest.counts == {"stable": 2}
        assert manifest.excluded == {"test_formula:held-out": 3}
        made = [*store.find(ThermoDocument), *store.find(DuplicateDocument)]
        made += [*store.find(ExampleDocument), *store.find(StatisticsDocument), manifest]
        when = {"last_updated", "builder_meta"}
        facts = sorted((one.model_dump(exclude=when) for one in made), key=str)
        return [{"taken_in": taken_in, "later": later}, *facts]

    with open_store("memory://") as memory, open_store(wire_server.uri) as wire:
        assert build_all(wire) == build_all(memory)


class _ServerDies:
    """A potential in whose first batch the server of the store is killed."""

    def __init__(self, potential: Potential, kill: Callable[[], None]) -> None:
        self._potential = potential
        self._kill = kill
        self.batches = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._potential, name)

    def evaluate(self, *given: Any, **options: Any) -> Any:
        if not self.batches:
            self._kill()
        self.batches += 1
        return self._potential.evaluate(*given, **options)


def test_a_campaign_whose_server_dies_loses_no_relaxation(wire_server) -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    conditions = Conditions(emt.level)
    copper = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.5), ["Cu"], [[0, 0, 0]])
    provenance = {"origin": "template:x", "formula": "Cu", "z": 4, "index": 0}
    candidate = Candidate.of(copper, provenance)
    key = batch_key(conditions, [candidate])
    with open_store(wire_server.uri) as store:
        memory = StoreMemory(store)
        memory.put_candidates([candidate])
        dying = _ServerDies(emt, wire_server.kill)
        relax_missing([candidate], dying, memory, conditions, search_id="campaign")
        assert dying.batches > 1
        memory.record(key, "relaxed", {}, 1.0, "campaign")
        assert store.spool.waiting() == 3  # structure, relaxation, and that the batch is done
    wire_server.start()
    with open_store(wire_server.uri) as store:
        assert store.spool.waiting() == 0
        memory = StoreMemory(store)
        assert key in memory.done([key])
        idle = _ServerDies(emt, wire_server.kill)
        relax_missing([candidate], idle, memory, conditions, search_id="campaign")
        assert idle.batches == 0, "what waited in the spool is not computed again"
        (relaxation,) = store.find(RelaxationDocument)
        assert relaxation.converged
        assert store.get(StructureDocument, relaxation.structure_id) is not None


def test_results_are_spooled_and_replayed(wire_server, rocksalt: Callable[..., Structure]) -> None:
    first, second, third = (StructureDocument.from_structure(rocksalt(a)) for a in (4.2, 4.6, 5.0))
    with open_store(wire_server.uri) as store:
        store.put(first)
        wire_server.kill()
        assert store.put(second).spooled == 1
        with pytest.raises(StoreUnreachableError, match="does not answer"):
            store.get(StructureDocument, first.id)
    with pytest.raises(StoreUnreachableError):
        open_store(wire_server.uri)
    wire_server.start()
    with open_store(wire_server.uri) as store:
        assert store.get(StructureDocument, second.id) is not None
        assert store.spool is not None
        assert store.spool.waiting() == 0
        store.put(third)
        assert store.structures.count() == 3


def test_password_is_never_shown(wire_server) -> None:
    with pytest.raises(StoreUnreachableError) as failure:
        open_store("mongodb://someone:secret@127.0.0.1:1/dao?serverSelectionTimeoutMS=200")
    assert "secret" not in str(failure.value)
    with open_store(wire_server.uri) as store:
        assert store.uri == f"mongodb://127.0.0.1:{wire_server.port}/dao_test"
