"""Results that could not reach the store wait on this machine and are replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from stores.documents import DOCUMENTS, Document
from stores.sqlite import SqliteStore

_KINDS = {kind.collection: kind for kind in DOCUMENTS}
FILE_NAME = "spool.sqlite"


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

    def batches(self, size: int = 200) -> Iterator[list[Document]]:
        """Waiting documents in order; a batch is removed when the next one is asked for."""
        while self.waiting():
            entries = list(self._connected().query(limit=size))
            yield [_KINDS[one["collection"]].from_store(one["document"]) for one in entries]
            names = [one["spool_id"] for one in entries]
            self._connected().remove_docs({"spool_id": {"$in": names}})

    def _connected(self) -> SqliteStore:
        if self._queue is None:
            self._queue = SqliteStore(self._file, "spooled", key="spool_id")
            self._queue.connect()
        return self._queue
