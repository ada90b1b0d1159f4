"""One SQLite file: connections per thread, transactions, and checks that it is sound."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar
from weakref import WeakValueDictionary

from stores.errors import StoreCorruptError
from stores.sqlite.faults import BUSY_SECONDS, translated_errors
from stores.sqlite.files import is_writable, read_only_address, refuse_faults, refuse_unusable

MOST_FAULTS = 100_000
"""How many faults of pages are listed; SQLite alone would stop at a hundred."""


class Database:
    """A durable SQLite file (write-ahead log, synchronous commits) shared by many collections.

    Safe between threads (each has its own connection), after ``fork`` (connections of the parent
    are not used) and between processes (SQLite's locks). An acknowledged commit survives SIGKILL
    and loss of power.
    """

    _shared: ClassVar[WeakValueDictionary[Path, Database]] = WeakValueDictionary()
    _shared_lock = threading.Lock()

    def __init__(self, path: Path, *, unsound: bool = False) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        refuse_unusable(path)
        if not unsound:
            refuse_faults(path)
        self.connection()

    @classmethod
    def shared(cls, path: Path, *, unsound: bool = False) -> Database:
        """The one object of this process for a file.

        Args:
            path: the file.
            unsound: open a damaged one too, to see what is damaged.
        """
        path = path.expanduser().resolve()
        with cls._shared_lock:
            database = cls._shared.get(path)
            if database is None:
                database = cls(path, unsound=unsound)
                cls._shared[path] = database
            return database

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; made on first use and after a fork."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None or self._local.pid != os.getpid():
            with translated_errors(self.path):
                connection = self._connect()
            self._local.connection, self._local.pid = connection, os.getpid()
            with self._lock:
                self._connections.append((os.getpid(), connection))
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose errors are ours.

        Raises:
            StoreError: of the kind that fits what SQLite reports.
        """
        with translated_errors(self.path):
            yield self.connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of it is kept, or nothing. Nested ones join the outer one.

        Raises:
            StoreError: of the kind that fits what SQLite reports; nothing was written.
        """
        with translated_errors(self.path):
            connection = self.connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                # Also reached after KeyboardInterrupt; a failed COMMIT leaves the transaction open.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def lay_out(self, fingerprint: int, lay_out: Callable[[], None]) -> None:
        """Make tables and indexes in one transaction, once per layout.

        Args:
            fingerprint: number of the layout, kept in the file's header.
            lay_out: makes what is missing.
        """
        with self.reading() as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found != fingerprint and is_writable(self.path):
            with self.writing() as connection:
                lay_out()
                connection.execute(f"PRAGMA user_version={fingerprint}")

    def check(self) -> list[str]:
        """Every fault that SQLite's full integrity check finds; empty when the file is sound."""
        try:
            with self.reading() as connection:
                rows = connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})").fetchall()
        except StoreCorruptError as error:
            return [str(error)]
        return [] if rows == [("ok",)] else [str(row[0]) for row in rows]

    def copy_to(self, file: Path) -> None:
        """Copy a consistent state to a new file while others go on writing.

        Raises:
            StoreError: the copy could not be made.
        """
        with translated_errors(file), closing(sqlite3.connect(file)) as copy:
            self.connection().backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")

    def close(self) -> None:
        """Close the connections that this process made."""
        with self._lock:
            for pid, connection in self._connections:
                if pid == os.getpid():
                    connection.close()
            self._connections.clear()
        self._local = threading.local()
        with self._shared_lock:
            self._shared.pop(self.path, None)

    def _connect(self) -> sqlite3.Connection:
        writable = is_writable(self.path)
        connection = sqlite3.connect(
            self.path if writable else read_only_address(self.path),
            uri=not writable,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA cache_size=-65536")
        if not writable:
            return connection
        _patiently(connection, "PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Run a statement for which SQLite does not wait by itself: many processes may start at once.

    Raises:
        sqlite3.OperationalError: still locked after ``BUSY_SECONDS``, or another fault.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
