"""Backup to a folder: a copy of a store that can be opened by its path."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from dao_core.errors import InputError
from dao_core.local_paths import local_path
from stores.blobs import FolderBlobs
from stores.dao_store import DaoStore
from stores.documents import DOCUMENTS
from stores.errors import StoreCorruptError, StoreReadOnlyError
from stores.maintenance.check import Fault, damaged_documents, page_faults, told
from stores.maintenance.copying import copy_blobs, copy_documents
from stores.maintenance.mark import is_marked, is_untouched, set_mark
from stores.opening import FILE_NAME, blob_folder, open_store
from stores.sqlite import Database
from stores.sqlite.faults import translated_errors
from stores.sqlite.files import put_in_place, read_only
from stores.sqlite.replacing import held_alone, replace_content

LOCK, DRAFT = ".backup.lock", ".backup"


@dataclass(frozen=True)
class Backup:
    """A backup that was made.

    Attributes:
        file: the file of the copy.
        faults: what is damaged in the store, and so in the copy.
    """

    file: Path
    faults: tuple[Fault, ...]


def back_up(store: DaoStore, folder: Path) -> Backup:
    """Copy a consistent state of a store, blobs included, to a folder, while others write.

    The copy is an embedded store itself and can be opened by its path. It takes the place of an
    older backup in the folder, and of nothing else; sound blobs that are there already are not
    copied again. Of several backups into one folder at once, each waits for the one before.

    Raises:
        InputError: the folder is a file, the store's own, or that of another store.
        StoreBusyError: another process has the older backup open.
        StoreError: the copy could not be made; an older one in the folder is kept.
    """
    folder = local_path(folder)
    target = folder / FILE_NAME
    if store.file is not None and target.resolve() == store.file.resolve():
        raise InputError(f"{folder} is the folder of the store itself; give another one")
    with _alone_in(folder):
        if target.exists():
            with _replaceable(target):
                pass  # before anything is copied
        draft = _draft(store, folder / DRAFT)
        # Documents name blobs that were there before them, so blobs are copied after documents.
        blobs = FolderBlobs(blob_folder(target))
        blob_faults = copy_blobs(store.blobs, blobs)
        faults = (*_faults(draft), *blob_faults)
        _mark(draft, store.uri, sum(1 for _ in blobs.digests()))
        _put(draft, target, faults)
        shutil.rmtree(folder / DRAFT)
    return Backup(target, faults)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Make the folder and hold it against other backups."""
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{folder}: {error.filename} is a file; give a folder") from error
    except OSError as error:
        raise StoreReadOnlyError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _replaceable(target: Path) -> Iterator[sqlite3.Connection]:
    """An older backup, held alone.

    Raises:
        InputError: it is a store of its own.
    """
    with translated_errors(target), read_only(target) as connection:
        marked = is_marked(connection)
    if not marked:
        raise InputError(
            f"{target} is another store, no backup that this command made; give another folder"
        )
    with held_alone(target) as held:
        if not is_untouched(held):
            raise InputError(
                f"{target}: this backup has been written to since it was made, so it is a store of "
                "its own; give another folder"
            )
        yield held


def _draft(store: DaoStore, folder: Path) -> Path:
    """A copy of the documents; what a killed backup left is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    draft = folder / FILE_NAME
    if store.file is not None:
        Database.shared(store.file).copy_to(draft)
    else:
        with open_store(draft) as copy:
            copy_documents(store, copy)
    return draft


def _faults(draft: Path) -> Iterator[Fault]:
    """What is damaged in a copy, blobs apart."""
    with open_store(draft, unsound=True) as copy:
        yield from page_faults(copy)
        for kind in DOCUMENTS:
            yield from damaged_documents(copy, kind)


def _mark(draft: Path, source: str, blobs: int) -> None:
    with translated_errors(draft), closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        set_mark(connection, source, blobs)


def _put(draft: Path, target: Path, faults: tuple[Fault, ...]) -> None:
    """Let a copy take its place; a damaged one never takes that of a sound one."""
    if put_in_place(draft, target):
        return
    if faults:
        raise StoreCorruptError(
            f"the store is damaged ({told(faults)}); the older backup in {target.parent} is kept: "
            "back up to a new folder what is left, or restore the older one"
        )
    with _replaceable(target) as held:
        replace_content(held, draft)
