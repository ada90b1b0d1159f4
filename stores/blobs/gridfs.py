"""Blobs in MongoDB's GridFS, beside the documents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import gridfs
from pymongo.database import Database

from stores.blobs.base import BlobStore
from stores.errors import StoreBusyError
from stores.mongo import translated_errors


class GridFSBlobs(BlobStore):
    """One GridFS file per blob, with its hash as its ``_id``."""

    def __init__(self, database: Database[Any], address: str) -> None:
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
            with translated_errors(self._address), contextlib.suppress(gridfs.errors.FileExists):
                self._files.put(data, _id=digest, filename=digest)
                return
            if self.is_sound(digest):
                return  # another writer was faster with the same bytes
            with translated_errors(self._address):
                # A damaged blob, or chunks of one whose upload was cut off, are in the way.
                self._files.delete(digest)
        raise StoreBusyError(f"{self._address}: blob {digest} is being written; try again")

    def _read(self, digest: str) -> bytes | None:
        with translated_errors(self._address):
            try:
                return self._files.get(digest).read()
            except gridfs.errors.NoFile:
                return None
            except gridfs.errors.CorruptGridFile:
                return b""
