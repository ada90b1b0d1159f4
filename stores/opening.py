"""Opening a store by its URI."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from maggma.core import Store
from pymongo.uri_parser import parse_uri

from dao_core.environment import BLOBS, STORE, dao_home
from dao_core.hashing import text_hash
from stores.addresses import SERVERS, redacted, store_folder, with_credentials
from stores.blobs import BlobStore, FolderBlobs, MemoryBlobs
from stores.blobs.gridfs import GridFSBlobs
from stores.blobs.s3 import S3Blobs
from stores.dao_store import DaoStore
from stores.documents import DOCUMENTS
from stores.errors import StoreError, WrongStoreError
from stores.memory import MemoryCollection
from stores.mongo import MongoCollection, open_client
from stores.restore_mark import RestoreMark
from stores.spool import Spool
from stores.sqlite import Database, SqliteStore

FILE_NAME = "store.sqlite"
SUFFIXES = (".sqlite", ".sqlite3", ".db")
FLAT_FILES = (".json", ".jsonl", ".json.gz", ".bson", ".csv", ".yaml", ".yml", ".parquet", ".pkl")


def default_store() -> str:
    """Where documents live unless it is said otherwise: ``DAO_STORE``, or the embedded store."""
    return STORE.value or str(dao_home())


def open_store(uri: str | os.PathLike[str] | None = None, *, unsound: bool = False) -> DaoStore:
    """Open a store, or make a new one.

    Args:
        uri: None for the embedded store in ``DAO_HOME``; a folder or a ``.sqlite`` file for an
            embedded store elsewhere; ``mongodb://...``; ``memory://``. Where ``DAO_STORE`` is set,
            it is the default, and its credentials serve for its address without them.
        unsound: open a damaged store too, or one that a restore left unfinished: for those who
            look for damage and who restore.

    Returns:
        The store, connected and indexed; close it, or use it as a context manager.

    Raises:
        WrongStoreError: the URI names something that cannot serve as a store.
        StoreUnreachableError: no server answers there.
        StoreReadOnlyError: a new store cannot be made there.
        StoreCorruptError: the file is damaged, or not a store.
        StoreError: a restore into it did not come to its end.
    """
    text = with_credentials(os.fspath(uri) if uri is not None else default_store())
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme == "memory":
        return _open_memory()
    if scheme in SERVERS:
        return _open_mongo(text, unsound=unsound)
    if scheme == "sqlite":
        text = text.partition("://")[2]
    elif scheme:
        raise WrongStoreError(
            f"{scheme}://: no such kind of store; give a folder, a .sqlite file, mongodb:// "
            "or memory://"
        )
    return _open_embedded(store_folder(text), unsound=unsound)


def _open_embedded(path: Path, *, unsound: bool) -> DaoStore:
    if path.name.lower().endswith(FLAT_FILES):
        raise WrongStoreError(
            f"{path}: flat files cannot be written safely: a crash while the file is rewritten "
            "loses every document, two writers lose each other's, and a damaged file opens as an "
            "empty one; give a folder or a .sqlite file (read such a file with `dao ingest`)"
        )
    is_file = path.suffix.lower() in SUFFIXES or path.is_file()
    file = (path if is_file else path / FILE_NAME).absolute()
    stores = {
        kind.collection: SqliteStore(file, kind.collection, key=kind.key) for kind in DOCUMENTS
    }
    database = Database.shared(file, unsound=unsound)
    layout = [(kind.collection, kind.indexed) for kind in DOCUMENTS]
    database.lay_out(zlib.crc32(repr(layout).encode()) & 0x7FFFFFFF, lambda: _connect(stores))
    for store in stores.values():
        store.connect()
    return DaoStore(
        str(file), stores, _blobs(FolderBlobs(blob_folder(file))),
        file=file, transaction=database.writing, restoring=lambda _: database.writing(),
        on_close=database.close,
    )  # fmt: skip


def blob_folder(file: Path) -> Path:
    """Where the blobs of an embedded store lie."""
    return file.parent / f"{file.stem}.blobs"


def _open_memory() -> DaoStore:
    stores = {
        kind.collection: MemoryCollection(kind.collection, key=kind.key) for kind in DOCUMENTS
    }
    _connect(stores)
    return DaoStore("memory://", stores, MemoryBlobs())


def _open_mongo(uri: str, *, unsound: bool) -> DaoStore:
    address = redacted(uri)
    client = open_client(uri, address)
    name = parse_uri(uri)["database"] or "dao"
    mark = RestoreMark(client[name], address)
    backup = mark.backup()
    if backup and not unsound:
        raise StoreError(f"{address}: the restore of {backup} into it was interrupted; repeat it")
    stores = {
        kind.collection: MongoCollection(client, name, kind.collection, address, key=kind.key)
        for kind in DOCUMENTS
    }
    _connect(stores)
    spool = Spool(dao_home() / "spool" / text_hash(address, 12))
    blobs = _blobs(GridFSBlobs(client[name], address))
    store = DaoStore(
        address, stores, blobs, spool=spool, restoring=mark.restoring,
        is_unfinished=backup is not None, on_close=client.close,
    )  # fmt: skip
    if not unsound:
        store.replay()
    return store


def _connect(stores: Mapping[str, Store]) -> None:
    for kind in DOCUMENTS:
        store = stores[kind.collection]
        store.connect()
        store.ensure_index(kind.key, unique=True)
        for field in (*kind.indexed, "last_updated"):
            store.ensure_index(field)


def _blobs(default: BlobStore) -> BlobStore:
    """The blobs that ``DAO_BLOBS`` names, or those beside the documents."""
    address = BLOBS.value
    if not address:
        return default
    parts = urlsplit(address)
    if parts.scheme == "s3" and "@" in parts.netloc:
        raise WrongStoreError(
            f"{BLOBS.name}: the keys of S3 come from AWS's own variables and files, not from here"
        )
    if parts.scheme == "s3" and parts.netloc:
        return S3Blobs(parts.netloc, parts.path, os.environ.get("AWS_ENDPOINT_URL"))
    if parts.scheme and "://" in address:
        raise WrongStoreError(f"DAO_BLOBS={parts.scheme}://: give s3://bucket/prefix or a folder")
    return FolderBlobs(store_folder(address, BLOBS.name))
