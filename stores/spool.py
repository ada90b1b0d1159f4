"""Results that could not reach the store wait on this machine and are replayed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stores.documents import DOCUMENTS, Document, utc_now
from stores.sqlite import SqliteStore
from stores.versions import SeenVersions, merges, version

_KINDS = {kind.collection: kind for kind in DOCUMENTS}
FILE_NAME = "spool.sqlite"
BATCH = 200


@dataclass(frozen=True)
class Waiting:
    """A document that waits.

    Attributes:
        document: its last state on this machine.
        seen: versions of it that this machine knew to be in the store; None among them when it
            was first kept without having been seen there.
        since: when it was kept, by the clock of this machine.
    """

    document: Document
    seen: frozenset[str | None]
    since: datetime

    def is_overtaken(self, stored: Mapping[str, Any]) -> bool:
        """Whether another machine has written the document in the meantime.

        Told by what the store held when it was last seen, since clocks of machines differ; only
        of a document that was never seen there the clocks have to say it.

        Args:
            stored: the document as the store now holds it, with all of its fields.
        """
        if merges(self.document) or version(stored) == version(self.document.to_store()):
            return False
        if version(stored) in self.seen:
            return False
        return None not in self.seen or stored["last_updated"] > self.since


class Spool:
    """A durable queue of documents for one store that was away.

    Documents keep the order in which they came; of one document the last state is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._queue: SqliteStore | None = None

    def add(self, documents: Sequence[Document], seen: SeenVersions) -> None:
        """Keep documents on the disk of this machine.

        Args:
            documents: what could not be written.
            seen: what this process knows of the store.

        Raises:
            StoreError: the spool cannot be written either.
        """
        queue = self._connected()
        with queue.transaction():
            names = [_name(document) for document in documents]
            found = queue.query({"spool_id": {"$in": names}})
            earlier = {entry["spool_id"]: entry.get("seen", []) for entry in found}
            since = utc_now()
            queue.update(
                [
                    {
                        "spool_id": name,
                        "collection": document.collection,
                        "document": document.to_store(),
                        "seen": list({*earlier.get(name, []), seen.of(document)}),
                        "since": since,
                    }
                    for name, document in zip(names, documents, strict=True)
                ]
            )

    def waiting(self) -> int:
        """How many documents wait."""
        return self._connected().count() if self._file.exists() else 0

    def replay(self, write: Callable[[list[Waiting]], None]) -> None:
        """Hand over what waits, in order; a batch is removed when it was written.

        The queue is held meanwhile: a document that another process has written anew is never
        followed by its older state, and one that is added anew goes on waiting.

        Args:
            write: writes a batch; what it raises leaves the batch where it is.
        """
        while self.waiting():
            with self._connected().transaction():
                entries = list(self._connected().query(limit=BATCH))
                write([_waiting(entry) for entry in entries])
                names = [one["spool_id"] for one in entries]
                self._connected().remove_docs({"spool_id": {"$in": names}})

    def _connected(self) -> SqliteStore:
        if self._queue is None:
            self._queue = SqliteStore(self._file, "spooled", key="spool_id")
            self._queue.connect()
        return self._queue


def _name(document: Document) -> str:
    return f"{document.collection}/{document.id}"


def _waiting(entry: Mapping[str, Any]) -> Waiting:
    document = _KINDS[entry["collection"]].from_store(entry["document"])
    since = entry.get("since", document.last_updated)
    return Waiting(document, frozenset(entry.get("seen", [None])), since)
