"""Looking for damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import DOCUMENTS, Document
from stores.errors import StoreCorruptError
from stores.oversize import REFERENCE, restore_oversized
from stores.sqlite import Database, SqliteStore

Progress = Callable[[str], None]
TOLD = 50
"""How many faults an error message names."""


@dataclass(frozen=True)
class Fault:
    """One fault and where it is: ``file``, ``<collection>/<id>`` or ``blobs/<hash>``."""

    where: str
    what: str


def told(faults: Iterable[Fault]) -> str:
    """Faults in one line, for an error message."""
    lines = [f"{fault.where}: {fault.what}" for fault in faults]
    more = f"; and {len(lines) - TOLD} more (`dao store check` lists all)"
    return "; ".join(lines[:TOLD]) + (more if len(lines) > TOLD else "")


def check(store: DaoStore, on_progress: Progress = lambda _: None) -> list[Fault]:
    """Read everything and list every fault: pages, checksums, schemas, blobs.

    Args:
        store: the store; a damaged one is opened with ``unsound=True``.
        on_progress: called with the name of each part before it is read.
    """
    return _faults(store, on_progress, of_damage_alone=False)


def damage(store: DaoStore, on_progress: Progress = lambda _: None) -> list[Fault]:
    """As :func:`check`, without what was written like that: misfits and blobs that never were."""
    return _faults(store, on_progress, of_damage_alone=True)


def page_faults(store: DaoStore) -> Iterator[Fault]:
    """Faults of the file of an embedded store."""
    if store.file is not None:
        yield from (Fault("file", line) for line in Database.shared(store.file).check())


def damaged_documents(store: DaoStore, kind: type[Document]) -> Iterator[Fault]:
    """Documents of a collection that cannot be read, or are no longer what was written."""
    yield from (found for found in _examined(store, kind) if isinstance(found, Fault))


def _faults(store: DaoStore, on_progress: Progress, *, of_damage_alone: bool) -> list[Fault]:
    on_progress("file")
    faults = list(page_faults(store))
    missing: dict[str, str] = {}
    for kind in DOCUMENTS:
        on_progress(kind.collection)
        for found in _examined(store, kind):
            if isinstance(found, Fault):
                faults.append(found)
            elif not of_damage_alone:
                name = f"{kind.collection}/{found.get(kind.key)}"
                missing |= {one: name for one in _blobs_of(found) if not store.blobs.has(one)}
                faults += _misfit(store, kind, found)
    faults += [Fault(f"blobs/{one}", f"missing; {by} names it") for one, by in missing.items()]
    on_progress("blobs")
    return faults + [
        Fault(f"blobs/{digest}", "its bytes do not fit its hash")
        for digest in store.blobs.digests()
        if not store.blobs.is_sound(digest)
    ]


def _examined(store: DaoStore, kind: type[Document]) -> Iterator[dict[str, Any] | Fault]:
    """Every document of a collection, or what is wrong with it."""
    name, collection = kind.collection, store.collections[kind.collection]
    if not isinstance(collection, SqliteStore):
        yield from collection.query()
        return
    try:
        for key, found in collection.examined():
            yield Fault(f"{name}/{key}", "its checksum does not fit") if found is None else found
    except StoreCorruptError as error:
        yield Fault(name, f"cannot be read to its end: {error}")


def _misfit(store: DaoStore, kind: type[Document], stored: dict[str, Any]) -> Iterator[Fault]:
    where = f"{kind.collection}/{stored.get(kind.key)}"
    try:
        kind.from_store(restore_oversized(stored, store.blobs))
    except (InputError, StoreCorruptError) as error:
        yield Fault(where, str(error))
        return
    if fault := kind.fault(stored):
        yield Fault(where, f"{fault}; it is left out of everything")


def _blobs_of(stored: Mapping[str, Any]) -> Iterator[str]:
    """Hashes of the blobs that a document names."""
    named = [stored.get("checkpoint"), *(stored.get("blobs") or {}).values()]
    named += [value.get(REFERENCE) for value in stored.values() if isinstance(value, dict)]
    yield from (one for one in named if isinstance(one, str))
