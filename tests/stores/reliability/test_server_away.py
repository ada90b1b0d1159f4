"""MongoDB over the wire: the same manners, and results wait while the server is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pymatgen.core import Structure

from stores import open_store
from stores.builders import HullBuilder
from stores.documents import StructureDocument, ThermoDocument
from stores.errors import StoreUnreachableError


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
