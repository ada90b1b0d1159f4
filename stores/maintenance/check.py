"""Looking for damage."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import DOCUMENTS
from stores.errors import StoreCorruptError
from stores.sqlite import Database, SqliteStore


@dataclass(frozen=True)
class Fault:
    """One fault and where it is: ``file``, ``<collection>/<id>`` or ``blobs/<hash>``."""

    where: str
    what: str


def check(store: DaoStore, on_progress: Callable[[str], None] = lambda _: None) -> list[Fault]:
    """Read everything and list every fault: pages, checksums, schemas, blobs.

    Args:
        store: the store.
        on_progress: called with the name of each part before it is read.
    """
    faults: list[Fault] = []
    if store.file is not None:
        on_progress("file")
        faults += [Fault("file", line) for line in Database.shared(store.file).check()]
    for kind in DOCUMENTS:
        on_progress(kind.collection)
        faults += _document_faults(store, kind.collection)
    on_progress("blobs")
    faults += _blob_faults(store)
    return faults


def _document_faults(store: DaoStore, name: str) -> Iterator[Fault]:
    kind = next(kind for kind in DOCUMENTS if kind.collection == name)
    collection = store.collections[name]
    if isinstance(collection, SqliteStore):
        damaged = collection.damaged()
        yield from (Fault(f"{name}/{key}", "its checksum does not fit") for key in damaged)
        if damaged:
            return
    for stored in collection.query():
        try:
            kind.from_store(stored)
        except InputError as error:
            yield Fault(f"{name}/{stored.get(kind.key)}", str(error))


def _blob_faults(store: DaoStore) -> Iterator[Fault]:
    for digest in store.blobs.digests():
        with contextlib.suppress(StoreCorruptError):
            store.blobs.get(digest)
            continue
        yield Fault(f"blobs/{digest}", "its bytes do not fit its hash")
