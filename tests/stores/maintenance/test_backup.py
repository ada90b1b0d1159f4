"""Backup, restore, and moving from one kind of store to another."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dao_core.errors import InputError, MissingError
from stores import DaoStore, open_store
from stores.builders import DedupBuilder
from stores.documents import StructureDocument
from stores.maintenance import back_up, check, restore


@pytest.fixture
def filled(store: DaoStore, rocksalt) -> DaoStore:
    for a in (4.2, 4.9):
        store.put(StructureDocument.from_structure(rocksalt(a)))
    store.blobs.put(b"trajectory")
    DedupBuilder(store).build()
    return store


def _contents(store: DaoStore) -> dict[str, list[str]]:
    return {
        name: sorted(str(one[collection.key]) for one in collection.query())
        for name, collection in store.collections.items()
        if name != "builds"
    }


def test_restored_store_equals_the_original(filled: DaoStore, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup")
    restore(tmp_path / "backup", str(tmp_path / "new"))
    with open_store(tmp_path / "new") as new:
        assert _contents(new) == _contents(filled)
        assert list(new.blobs.digests()) == list(filled.blobs.digests())
        assert check(new) == []
        assert DedupBuilder(new).build().written.inserted == 0


def test_second_backup_replaces_the_first(filled: DaoStore, rocksalt, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup")
    filled.put(StructureDocument.from_structure(rocksalt(5.5, ("Na", "Cl"))))
    back_up(filled, tmp_path / "backup")
    with open_store(tmp_path / "backup") as copy:
        assert copy.structures.count() == 3
    assert not list((tmp_path / "backup").glob("*.partial"))


def test_backup_while_others_write(embedded: DaoStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            pair = [{"event_id": f"{number}-{half}", "batch": number} for half in "ab"]
            embedded.events.update(pair)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            back_up(embedded, tmp_path / "backup")
            with open_store(tmp_path / "backup") as copy:
                assert copy.events.count() % 2 == 0
    finally:
        stop.set()
        writer.join()


def test_from_the_laptop_to_a_server(filled: DaoStore, tmp_path: Path, wire_server) -> None:
    back_up(filled, tmp_path / "backup")
    restore(tmp_path / "backup", wire_server.uri)
    with open_store(wire_server.uri) as remote:
        assert _contents(remote) == _contents(filled)
        back_up(remote, tmp_path / "again")
    with open_store(tmp_path / "again") as copy:
        assert _contents(copy) == _contents(filled)


def test_nothing_is_overwritten(filled: DaoStore, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup")
    with open_store(tmp_path / "new") as other:
        other.events.update({"event_id": "mine"})
    with pytest.raises(InputError, match="holds events"):
        restore(tmp_path / "backup", str(tmp_path / "new"))
    with pytest.raises(MissingError, match="no backup here"):
        restore(tmp_path / "nowhere")


def test_a_store_is_not_backed_up_onto_itself(embedded: DaoStore) -> None:
    assert embedded.file is not None
    with pytest.raises(InputError, match="the store itself"):
        back_up(embedded, embedded.file.parent)
