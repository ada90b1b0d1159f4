"""Finding what is new in a collection without trusting clocks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from maggma.core import Store

from stores.dao_store import DaoStore
from stores.documents import MarkDocument
from stores.sqlite import SqliteStore

SLICES = 256
"""Into how many documents the marks of a backend without write numbers are divided."""


class Changes:
    """The documents of a collection that a builder has not taken in yet.

    The embedded store numbers its writes inside the write transaction, so what is new is found by
    number, at the cost of what is new. Other backends have no such number, and the time stamps of
    many machines cannot be ordered; there each key's own stamp is compared with the one taken in,
    for equality only. That reads two fields of every document, and misses nothing.
    """

    def __init__(self, store: DaoStore, builder: str, collection: str) -> None:
        self._store = store
        self._name = f"{builder}:{collection}"
        self._source: Store = store.collections[collection]

    def batches(self, size: int) -> Iterator[list[str]]:
        """Keys of new or changed documents; a batch is marked as taken in when the next is asked.

        A builder that dies in the middle of a batch meets that batch again.
        """
        if isinstance(self._source, SqliteStore):
            yield from self._numbered(self._source, size)
        else:
            yield from self._compared(size)

    def forget(self) -> None:
        """Take in everything again at the next build."""
        marks = self._store.builds.query(properties=["mark_id"])
        names = [mark["mark_id"] for mark in marks if mark["mark_id"].startswith(self._name)]
        self._store.builds.remove_docs({"mark_id": {"$in": names}})

    def _numbered(self, source: SqliteStore, size: int) -> Iterator[list[str]]:
        mark = self._store.get(MarkDocument, self._name) or MarkDocument(mark_id=self._name)
        changed = source.changed_since(mark.sequence)
        while batch := list(islice(changed, size)):
            yield [key for _, key in batch]
            mark.sequence = batch[-1][0]
            self._store.put(mark)

    def _compared(self, size: int) -> Iterator[list[str]]:
        seen = self._seen()
        found = self._source.query(properties=[self._source.key, "last_updated"])
        stamps = ((item[self._source.key], str(item.get("last_updated"))) for item in found)
        changed = [(key, stamp) for key, stamp in stamps if seen.get(key) != stamp]
        remaining = iter(changed)
        while batch := list(islice(remaining, size)):
            yield [key for key, _ in batch]
            self._store.put(self._marks(dict(batch)))

    def _seen(self) -> dict[str, str]:
        names = [f"{self._name}:{number}" for number in range(SLICES)]
        marks = self._store.find(MarkDocument, {"mark_id": {"$in": names}})
        return {key: stamp for mark in marks for key, stamp in mark.seen.items()}

    def _marks(self, taken: dict[str, str]) -> list[MarkDocument]:
        """The slices of the marks that change when keys are taken in."""
        slices: dict[str, dict[str, Any]] = {}
        for key, stamp in taken.items():
            name = f"{self._name}:{sum(key.encode()) % SLICES}"
            slices.setdefault(name, {})[key] = stamp
        known = {mark.id: mark for mark in self._store.find(
            MarkDocument, {"mark_id": {"$in": list(slices)}})}  # fmt: skip
        return [
            MarkDocument(mark_id=name, seen={**(known[name].seen if name in known else {}), **new})
            for name, new in slices.items()
        ]
