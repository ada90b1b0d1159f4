"""Having a database file alone, and giving it the content of another one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from stores.errors import StoreBusyError
from stores.sqlite.faults import translated_errors

PATIENCE = 5.0
"""Seconds to wait for those who only have a look at the file."""


@contextmanager
def held_alone(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that nobody else has open; others wait until it is closed.

    Whoever has a store open keeps a lock on it (its write-ahead log asks for that), which the
    change to another kind of log does not get past.

    Raises:
        StoreBusyError: another connection to it is open, here or in another process.
        StoreError: it is no database, damaged, or cannot be written.
    """
    with translated_errors(file), closing(
        sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    ) as connection:  # fmt: skip
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise StoreBusyError(f"{file}: open in another process; close it there") from error
        yield connection


def replace_content(held: sqlite3.Connection, draft: Path) -> None:
    """Copy a database into one that is held alone: all of it, or, if this is killed, nothing."""
    with closing(sqlite3.connect(draft)) as source:
        source.backup(held)
