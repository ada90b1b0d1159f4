"""SQLite's errors as ours, with the file and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stores.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)

BUSY_SECONDS = 120.0
"""How long a writer waits for another one."""


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, with the file and what to do.

    Raises:
        StoreError: of the kind that fits what SQLite reports.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, path) from error
    except UnicodeDecodeError as error:  # a damaged page, in a text or in SQLite's own complaint
        raise StoreCorruptError(
            f"{path}: damaged ({error.reason}); restore a backup (dao store restore)"
        ) from error


def _translated(error: sqlite3.Error, path: Path) -> StoreError:
    text = str(error).lower()
    if "full" in text:
        return StoreFullError(f"{path}: no space left for the store; free some and repeat")
    if "readonly" in text or "read-only" in text:
        return StoreReadOnlyError(f"{path}: the store cannot be written; check the permissions")
    if "locked" in text or "busy" in text:
        return StoreBusyError(f"{path}: locked by another writer for {BUSY_SECONDS:.0f} s")
    if "not a database" in text or "malformed" in text or "corrupt" in text:
        return StoreCorruptError(f"{path}: damaged ({error}); restore a backup (dao store restore)")
    if "unable to open" in text or "disk i/o" in text:
        return StoreUnreachableError(f"{path}: cannot be opened or read ({error})")
    return StoreError(f"{path}: {error}")
