"""Filling a new store from a backup: all of it, or nothing that looks like all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dao_core.errors import InputError, MissingError
from dao_core.local_paths import local_path
from stores.blobs import FolderBlobs
from stores.dao_store import DaoStore
from stores.errors import StoreCorruptError
from stores.maintenance.check import Fault, damage, told
from stores.maintenance.copying import copy_blobs, copy_documents
from stores.maintenance.mark import marked_blobs
from stores.opening import FILE_NAME, blob_folder, open_store
from stores.sqlite.faults import translated_errors
from stores.sqlite.files import read_only


def restore(folder: Path, uri: str | None = None) -> str:
    """Fill a new or empty store from a backup; also the way from one kind of store to another.

    A restore that is killed leaves an embedded store empty; a MongoDB store that it has begun to
    fill is not opened until the restore has been repeated.

    Args:
        folder: what :func:`stores.maintenance.back_up` wrote.
        uri: the store to fill, as for :func:`stores.open_store`.

    Returns:
        Address of the restored store, without credentials.

    Raises:
        MissingError: the folder holds no backup.
        StoreCorruptError: the backup is damaged; names every fault. Nothing was restored.
        InputError: the store to fill holds documents already.
    """
    folder = local_path(folder)
    if not (folder / FILE_NAME).is_file():
        raise MissingError(f"{folder}: no backup here (no {FILE_NAME})")
    with open_store(folder, unsound=True) as source:
        # A backup has its blobs beside it, wherever DAO_BLOBS keeps those of stores.
        source.blobs = FolderBlobs(blob_folder(folder / FILE_NAME))
        faults = [*damage(source), *_missing_blobs(source, folder / FILE_NAME)]
        if faults:
            raise StoreCorruptError(
                f"{folder}: the backup is damaged, and nothing was restored: {told(faults)}. What "
                f"is sound in it can be read as a store (--store {folder})"
            )
        with open_store(uri, unsound=True) as target:
            _fill(target, source)
            return target.uri


def _missing_blobs(source: DaoStore, file: Path) -> Iterator[Fault]:
    """Blobs that lay beside a backup and are gone."""
    with translated_errors(file), read_only(file) as connection:
        marked = marked_blobs(connection)
    missing = marked - sum(1 for _ in source.blobs.digests())
    if missing > 0:
        yield Fault("blobs", f"{missing} of {marked} are missing")


def _fill(target: DaoStore, source: DaoStore) -> None:
    _refuse_filled(target)
    copy_blobs(source.blobs, target.blobs)
    with target.restoring(source.uri):
        _refuse_filled(target)  # again: now nobody can come in between
        copy_documents(source, target)


def _refuse_filled(target: DaoStore) -> None:
    if target.is_unfinished:
        return
    filled = [name for name, one in target.collections.items() if one.count()]
    if filled:
        raise InputError(
            f"{target.uri} holds {', '.join(filled)}; move it away, or restore elsewhere"
        )
