"""Documents and blobs from one store into another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from stores.blobs import BlobStore
from stores.dao_store import DaoStore
from stores.errors import StoreCorruptError
from stores.maintenance.check import Fault

BATCH = 500


def copy_documents(source: DaoStore, target: DaoStore) -> None:
    """Write every document of a store into another; write numbers mean nothing there.

    So builders begin anew in the target.
    """
    for name, collection in source.collections.items():
        if name == "builds":
            continue
        found = collection.query()
        while batch := list(islice(found, BATCH)):
            _copy_batch(target, name, batch)


def copy_blobs(source: BlobStore, target: BlobStore) -> tuple[Fault, ...]:
    """Copy the blobs that a blob store lacks, or has damaged.

    Returns:
        Blobs that are damaged in the source; a sound one of the target is kept.
    """
    return tuple(_copied(source, target))


def _copied(source: BlobStore, target: BlobStore) -> Iterator[Fault]:
    for digest in source.digests():
        if not target.is_sound(digest):
            try:
                target.put(source.get(digest))
            except StoreCorruptError as error:
                yield Fault(f"blobs/{digest}", str(error))


def _copy_batch(target: DaoStore, name: str, batch: list[dict[str, Any]]) -> None:
    for stored in batch:
        stored.pop("_id", None)
    target.collections[name].update(batch)
