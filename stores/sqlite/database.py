"""One SQLite file: connections per thread, transactions, and checks that it is sound."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote
from weakref import WeakValueDictionary

from stores.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)

APPLICATION_ID = 0x44414F31
"""``DAO1``: written into the header, so that another program's database is not taken for ours."""
BUSY_SECONDS = 120.0
"""How long a writer waits for another one."""
CHECKED_BYTES = 64 * 2**20
"""Files up to this size are checked page by page when they are opened (about 0.1 s)."""
_HEADER_BYTES = 100


class Database:
    """A durable SQLite file (write-ahead log, synchronous commits) shared by many collections.

    Safe between threads (each has its own connection), after ``fork`` (connections of the parent
    are not used) and between processes (SQLite's locks). An acknowledged commit survives SIGKILL
    and loss of power.
    """

    _shared: ClassVar[WeakValueDictionary[Path, Database]] = WeakValueDictionary()
    _shared_lock = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        _refuse_unusable(path)
        self.connection()

    @classmethod
    def shared(cls, path: Path) -> Database:
        """The one object of this process for a file."""
        path = path.expanduser().resolve()
        with cls._shared_lock:
            database = cls._shared.get(path)
            if database is None:
                database = cls(path)
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
        if found != fingerprint and _is_writable(self.path):
            with self.writing() as connection:
                lay_out()
                connection.execute(f"PRAGMA user_version={fingerprint}")

    def check(self) -> list[str]:
        """Every fault that SQLite's full integrity check finds; empty when the file is sound."""
        with self.reading() as connection:
            lines = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [] if lines == ["ok"] else lines

    def backup(self, target: Path) -> None:
        """Copy a consistent state to a new file while others go on writing.

        Raises:
            StoreError: the copy could not be made; an incomplete file is removed.
        """
        partial = target.with_name(target.name + ".partial")
        partial.unlink(missing_ok=True)
        try:
            with translated_errors(target):
                copy = sqlite3.connect(partial)
                try:
                    self.connection().backup(copy)
                    copy.execute("PRAGMA journal_mode=DELETE")
                finally:
                    copy.close()
            # A log left by a killed reader of an older copy would be replayed over the new one.
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

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
        writable = _is_writable(self.path)
        connection = sqlite3.connect(
            self.path if writable else _read_only_address(self.path),
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


def _is_writable(path: Path) -> bool:
    target = path if path.exists() else path.parent
    return os.access(target, os.W_OK) and os.access(path.parent, os.W_OK)


def _read_only_address(path: Path) -> str:
    """A URI to read by. In a folder where SQLite can make no log, the file must be a still one."""
    still = not _is_writable(path) and not _wal(path).exists()
    return f"file:{quote(str(path))}?{'immutable=1' if still else 'mode=ro'}"


def _refuse_unusable(path: Path) -> None:
    """Refuse a file that is not a sound store, before anything is written to it.

    Raises:
        StoreCorruptError: an empty, truncated, damaged or foreign file.
        StoreReadOnlyError: a new store cannot be made in its folder.
    """
    if not path.exists():
        _make_folder(path)
        with translated_errors(path):
            _make_file(path)
    if path.stat().st_size < _HEADER_BYTES:
        # SQLite would take an empty file for a new database: a store cut to nothing, silently.
        raise StoreCorruptError(
            f"{path}: only {path.stat().st_size} bytes long, so its content is lost; "
            "restore a backup, or remove the file to begin anew"
        )
    with translated_errors(path):
        connection = sqlite3.connect(_read_only_address(path), uri=True, timeout=BUSY_SECONDS)
        try:
            _refuse_faults(path, connection)
        finally:
            connection.close()


def _refuse_faults(path: Path, connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreCorruptError(f"{path}: a database of another program, not a dao store")
    if path.stat().st_size <= CHECKED_BYTES:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise StoreCorruptError(f"{path}: damaged ({fault}); restore a backup")
        return
    pages, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    if not _wal(path).exists() and path.stat().st_size < pages * size:
        raise StoreCorruptError(f"{path}: truncated; restore a backup")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnlyError(f"{path.parent}: cannot be made ({error.strerror})") from error
    if not os.access(path.parent, os.W_OK):
        raise StoreReadOnlyError(f"{path.parent}: not writable; give another --store or DAO_HOME")


def _make_file(path: Path) -> None:
    """Make an empty store under another name first: nobody ever meets a half-made one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    os.close(handle)
    draft = Path(name)
    try:
        connection = sqlite3.connect(draft)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("VACUUM")
        connection.close()
        draft.chmod(0o644)
        _put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _put_in_place(draft: Path, path: Path) -> None:
    """Give a new file its name unless another process was faster."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.rename(path)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
