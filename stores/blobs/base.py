"""Blobs: big outputs by the hash of their content."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from dao_core.errors import InputError
from stores.errors import StoreCorruptError


class BlobStore(ABC):
    """Bytes by SHA-256. The same bytes are kept once; a damaged blob is never returned."""

    def put(self, content: bytes | Path) -> str:
        """Keep bytes, or the content of a file; a damaged blob of that hash is replaced.

        Returns:
            The hash by which to get them back.

        Raises:
            StoreError: they could not be written; nothing was kept.
        """
        data = content.read_bytes() if isinstance(content, Path) else content
        digest = hashlib.sha256(data).hexdigest()
        if not self.is_sound(digest):
            self._write(digest, data)
        return digest

    def is_sound(self, digest: str) -> bool:
        """Whether a blob is there and its bytes fit its hash."""
        data = self._read(digest)
        return data is not None and hashlib.sha256(data).hexdigest() == digest

    def get(self, digest: str) -> bytes:
        """The bytes of a hash.

        Raises:
            InputError: there is no such blob.
            StoreCorruptError: its bytes no longer fit its hash.
        """
        data = self._read(digest)
        if data is None:
            raise InputError(f"blob {digest} is not in the blob store")
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreCorruptError(
                f"blob {digest} is damaged; put the same file in again, or restore a backup"
            )
        return data

    @abstractmethod
    def has(self, digest: str) -> bool:
        """Whether a blob is there."""

    @abstractmethod
    def digests(self) -> Iterator[str]:
        """The hashes of all blobs."""

    @abstractmethod
    def _write(self, digest: str, data: bytes) -> None:
        """Keep bytes so that they are there whole or not at all, in place of damaged ones."""

    @abstractmethod
    def _read(self, digest: str) -> bytes | None:
        """The bytes, unchecked; None when there are none."""


class MemoryBlobs(BlobStore):
    """Blobs of a store in memory."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def has(self, digest: str) -> bool:
        """Whether a blob is there."""
        return digest in self._blobs

    def digests(self) -> Iterator[str]:
        """The hashes of all blobs."""
        return iter(tuple(self._blobs))

    def _write(self, digest: str, data: bytes) -> None:
        self._blobs[digest] = data

    def _read(self, digest: str) -> bytes | None:
        return self._blobs.get(digest)
