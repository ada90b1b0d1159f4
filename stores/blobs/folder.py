"""Blobs as files in a folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from dao_core.drafts import draft_of
from stores.blobs.base import BlobStore
from stores.errors import StoreError, StoreFullError, StoreReadOnlyError


class FolderBlobs(BlobStore):
    """One file per blob, in folders by the first two digits of its hash.

    A file appears under its name only when it is complete and on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, digest: str) -> bool:
        """Whether a blob is there."""
        return self._path(digest).is_file()

    def digests(self) -> Iterator[str]:
        """The hashes of all blobs."""
        return (file.name for file in sorted(self.folder.glob("??/*")) if len(file.name) == 64)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest

    def _write(self, digest: str, data: bytes) -> None:
        target = self._path(digest)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with draft_of(target) as draft:
                draft.write_bytes(data)
        except OSError as error:
            raise _translated(error, target) from error

    def _read(self, digest: str) -> bytes | None:
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            return None


def _translated(error: OSError, target: Path) -> StoreError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StoreFullError(f"{target}: no space left for a blob; free some and repeat")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StoreReadOnlyError(f"{target}: the blob folder cannot be written")
    return StoreError(f"{target}: {error.strerror}")
