"""The file of an embedded store: making it, and refusing what is not a sound one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from stores.errors import StoreCorruptError, StoreReadOnlyError
from stores.sqlite.faults import BUSY_SECONDS, translated_errors

APPLICATION_ID = 0x44414F31
"""``DAO1``: written into the header, so that another program's database is not taken for ours."""
CHECKED_BYTES = 64 * 2**20
"""Files up to this size are checked page by page when they are opened (about 0.1 s)."""
_HEADER_BYTES = 100


def refuse_unusable(path: Path) -> None:
    """Refuse a file that is no store, before anything is written to it; a missing one is made.

    Raises:
        StoreCorruptError: an empty or foreign file.
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
    with translated_errors(path), read_only(path) as connection:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreCorruptError(f"{path}: a database of another program, not a dao store")


def refuse_faults(path: Path) -> None:
    """Refuse a damaged store.

    Raises:
        StoreCorruptError: a truncated or damaged file.
    """
    with translated_errors(path), read_only(path) as connection:
        if path.stat().st_size <= CHECKED_BYTES:
            fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if fault != "ok":
                raise StoreCorruptError(
                    f"{path}: damaged ({fault}); `dao store check` lists all faults; "
                    "restore a backup"
                )
            return
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
    if not beside(path, "-wal").exists() and path.stat().st_size < pages * size:
        raise StoreCorruptError(f"{path}: truncated; restore a backup")


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes nothing."""
    with closing(
        sqlite3.connect(read_only_address(path), uri=True, timeout=BUSY_SECONDS)
    ) as connection:
        yield connection


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnlyError(f"{path.parent}: cannot be made ({error.strerror})") from error
    if not os.access(path.parent, os.W_OK):
        raise StoreReadOnlyError(f"{path.parent}: not writable; give another --store or DAO_HOME")


def _make_file(path: Path) -> None:
    """Make an empty store under another name first: nobody ever meets a half-made one.

    It has its write-ahead log from the start: switching to it later is a write that a kill can
    interrupt.
    """
    draft = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    draft.touch(exist_ok=False)  # as the umask has it; SQLite's log gets the same permissions
    try:
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("VACUUM")
        put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def put_in_place(draft: Path, path: Path) -> bool:
    """Give a new file its name unless there is one of that name; whether it was given."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        draft.rename(path)
    return True


def is_writable(path: Path) -> bool:
    """Whether a file and the log beside it can be written, or a missing file be made."""
    target = path if path.exists() else path.parent
    return os.access(target, os.W_OK) and os.access(path.parent, os.W_OK)


def read_only_address(path: Path) -> str:
    """A URI to read by. In a folder where SQLite can make no log, the file must be a still one.

    What a killed process left half-written in a rollback journal (of a backup that was opened to
    be written, or a store of an older version) must be undone before anything can be read.
    """
    name = quote(os.fsencode(path))  # of any bytes, also such as are no UTF-8
    if is_writable(path):
        return f"file:{name}?mode={'rw' if beside(path, '-journal').exists() else 'ro'}"
    still = not beside(path, "-wal").exists()
    return f"file:{name}?{'immutable=1' if still else 'mode=ro'}"


def beside(path: Path, suffix: str) -> Path:
    """A file that SQLite keeps beside the database."""
    return path.with_name(path.name + suffix)
