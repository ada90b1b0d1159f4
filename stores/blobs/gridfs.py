"""Blobs in MongoDB's GridFS, beside the documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gridfs
from pymongo.database import Database
from pymongo.errors import OperationFailure

from stores.blobs.base import BlobStore
from stores.errors import StoreBusyError
from stores.mongo import is_taken, translated_errors


class GridFSBlobs(BlobStore):
    """One GridFS file per blob, with its hash as its ``_id``."""

    def __init__(self, database: Database[Any], address: str) -> None:
        self._database = database
        self._files = gridfs.GridFS(database, collection="blobs")
        self._address = address

    def has(self, digest: str) -> bool:
        """Whether a blob is there."""
        with translated_errors(self._address):
            return self._files.exists(digest)

    def digests(self) -> Iterator[str]:
        """The hashes of all blobs."""
        with translated_errors(self._address):
            yield from (str(file.filename) for file in self._files.find())

    def _write(self, digest: str, data: bytes) -> None:
        for _ in range(2):
            if self._put(digest, data) or self.is_sound(digest):
                return  # by us, or by another writer who was faster
            with translated_errors(self._address):
                # A damaged blob, or chunks of one whose upload was cut off, are in the way.
                self._database["blobs.files"].delete_one({"_id": digest})
                self._database["blobs.chunks"].delete_many({"files_id": digest})
        raise StoreBusyError(f"{self._address}: blob {digest} is being written; try again")

    def _put(self, digest: str, data: bytes) -> bool:
        """Upload a blob; False where something of it is there already."""
        with translated_errors(self._address):
            try:
                self._files.put(data, _id=digest, filename=digest)
            except gridfs.errors.FileExists:
                return False
            except OperationFailure as error:
                if not is_taken(error):
                    raise
                return False
            return True

    def _read(self, digest: str) -> bytes | None:
        with translated_errors(self._address):
            try:
                return self._files.get(digest).read()
            except gridfs.errors.NoFile:
                return None
            except gridfs.errors.CorruptGridFile:
                return b""
