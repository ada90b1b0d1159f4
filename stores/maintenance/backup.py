"""Backup to a folder, and restoring from one into any kind of store."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

from dao_core.errors import InputError, MissingError
from stores.blobs import BlobStore, FolderBlobs
from stores.dao_store import DaoStore
from stores.opening import FILE_NAME, blob_folder, open_store
from stores.sqlite import Database

BATCH = 500


def back_up(store: DaoStore, folder: Path) -> Path:
    """Copy a consistent state of a store, blobs included, to a folder, while others write.

    The copy is an embedded store itself and can be opened by its path. Blobs that an earlier
    backup in the folder holds are not copied again.

    Returns:
        The file of the copy.

    Raises:
        InputError: the folder is the store's own.
        StoreError: the copy could not be made; an older one in the folder is kept.
    """
    target = folder / FILE_NAME
    if store.file is not None and target.resolve() == store.file.resolve():
        raise InputError(f"{folder} is the folder of the store itself; give another one")
    folder.mkdir(parents=True, exist_ok=True)
    if store.file is not None:
        Database.shared(store.file).backup(target)
        _copy_blobs(store.blobs, FolderBlobs(blob_folder(target)))
        return target
    draft = folder / "draft"
    with open_store(draft) as copy:
        _copy_blobs(store.blobs, copy.blobs)
        _copy_documents(store, copy)
        back_up(copy, folder)
    shutil.rmtree(draft)
    return target


def restore(folder: Path, uri: str | None = None) -> str:
    """Fill a new or empty store from a backup; also the way from one kind of store to another.

    Args:
        folder: what :func:`back_up` wrote.
        uri: the store to fill, as for :func:`stores.open_store`.

    Returns:
        Address of the restored store, without credentials.

    Raises:
        MissingError: the folder holds no backup.
        InputError: the store to fill holds documents already.
    """
    if not (folder / FILE_NAME).is_file():
        raise MissingError(f"{folder}: no backup here (no {FILE_NAME})")
    with open_store(folder) as source, open_store(uri) as target:
        filled = [name for name, one in target.collections.items() if one.count()]
        if filled:
            raise InputError(
                f"{target.uri} holds {', '.join(filled)}; move it away, or restore elsewhere"
            )
        _copy_blobs(source.blobs, target.blobs)
        _copy_documents(source, target)
        return target.uri


def _copy_documents(source: DaoStore, target: DaoStore) -> None:
    for name, collection in source.collections.items():
        # Write numbers of one store mean nothing in another, so builders begin there anew.
        if name == "builds":
            continue
        found = collection.query()
        while batch := list(islice(found, BATCH)):
            for stored in batch:
                stored.pop("_id", None)
            target.collections[name].update(batch)


def _copy_blobs(source: BlobStore, target: BlobStore) -> None:
    for digest in source.digests():
        if not target.has(digest):
            target.put(source.get(digest))
