"""The mark inside a backup: of which store it is, and what it held when it was made."""

from __future__ import annotations

import json
import sqlite3

from stores.builders.freshness import NEEDED
from stores.documents import DOCUMENTS, utc_now

_MADE_BY_BUILDERS = {*NEEDED, "builds"}
"""Collections that a mere question brings up to date; they say nothing that the others do not."""


def set_mark(connection: sqlite3.Connection, source: str, blobs: int) -> None:
    """Mark a copy as the backup of a store; a mark that the store itself bears is replaced.

    Args:
        connection: to the copy.
        source: address of the store, without credentials.
        blobs: how many lie beside the copy.
    """
    connection.execute("DROP TABLE IF EXISTS backup")
    connection.execute("CREATE TABLE backup (source TEXT, made TEXT, contents TEXT, blobs INTEGER)")
    made = utc_now().isoformat()
    # A path may hold bytes that are no text.
    row = (
        source.encode("utf-8", "backslashreplace").decode(),
        made,
        json.dumps(_contents(connection)),
        blobs,
    )
    connection.execute("INSERT INTO backup VALUES (?, ?, ?, ?)", row)
    connection.commit()


def is_marked(connection: sqlite3.Connection) -> bool:
    """Whether a file was made as a backup."""
    found = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='backup'"
    return connection.execute(found).fetchone() is not None


def is_untouched(connection: sqlite3.Connection) -> bool:
    """Whether a marked backup holds what it held when it was made."""
    (contents,) = connection.execute("SELECT contents FROM backup").fetchone()
    known: dict[str, list[int]] = json.loads(contents)
    return known == _contents(connection)


def marked_blobs(connection: sqlite3.Connection) -> int:
    """How many blobs lay beside a backup when it was made; 0 for one without a mark."""
    if not is_marked(connection):
        return 0
    (blobs,) = connection.execute("SELECT blobs FROM backup").fetchone()
    return int(blobs)


def _contents(connection: sqlite3.Connection) -> dict[str, list[int]]:
    """Of every collection the number of its last write and of its documents.

    Any write makes the first grow, any removal the second smaller.
    """
    last = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    names = [kind.collection for kind in DOCUMENTS if kind.collection not in _MADE_BY_BUILDERS]
    return {
        name: [last[name], connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]]  # noqa: S608
        for name in names
        if name in last
    }
