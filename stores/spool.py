"""Results that could not reach the store wait on this machine and are replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from stores.documents import DOCUMENTS, Document
from stores.sqlite import SqliteStore

_KINDS = {kind.collection: kind for kind in DOCUMENTS}
FILE_NAME = "spool.sqlite"
BATCH = 200


class Spool:
    """A durable queue of documents for one store that was away.

    Documents keep the order in which they came; of one document the last state is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._queue: SqliteStore | None = None

    def add(self, documents: Sequence[Document]) -> None:
        """Keep documents on the disk of this machine.

        Raises:
            StoreError: the spool cannot be written either.
        """
        self._connected().update(
            [
                {
                    "spool_id": f"{document.collection}/{document.id}",
                    "collection": document.collection,
                    "document": document.to_store(),
                }
                for document in documents
            ]
        )

    def waiting(self) -> int:
        """How many documents wait."""
        return self._connected().count() if self._file.exists() else 0

    def replay(self, write: Callable[[list[Document]], None]) -> None:
        """Hand over what waits, in order; a batch is removed when it was written.

        The queue is held meanwhile: a document that another process has written anew is never
        followed by its older state, and one that is added anew goes on waiting.

        Args:
            write: writes a batch; what it raises leaves the batch where it is.
        """
        while self.waiting():
            with self._connected().transaction():
                entries = list(self._connected().query(limit=BATCH))
                write([_KINDS[one["collection"]].from_store(one["document"]) for one in entries])
                names = [one["spool_id"] for one in entries]
                self._connected().remove_docs({"spool_id": {"$in": names}})

    def _connected(self) -> SqliteStore:
        if self._queue is None:
            self._queue = SqliteStore(self._file, "spooled", key="spool_id")
            self._queue.connect()
        return self._queue
