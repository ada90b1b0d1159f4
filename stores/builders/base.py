"""What all builders share: taking in only what is new, in batches, with progress."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from maggma.core import Builder

from stores.builders.changes import Changes
from stores.dao_store import DaoStore, WriteReport
from stores.documents import Document

Progress = Callable[[int], None]
"""Called with the number of documents taken in since the last call."""
BATCH = 500


@dataclass(frozen=True)
class BuildReport:
    """What one run of a builder did.

    Attributes:
        builder: name of the builder.
        taken_in: new or changed source documents.
        written: what was written to the targets.
        seconds: wall time.
    """

    builder: str
    taken_in: int
    written: WriteReport
    seconds: float


class StoreBuilder(Builder):
    """A maggma Builder over a :class:`DaoStore`.

    Each batch of new source documents makes items; each item is processed by itself into target
    documents. Running it twice, or again after a crash, gives the same targets.
    """

    name: str
    source_names: tuple[str, ...]
    target_names: tuple[str, ...]

    def __init__(self, store: DaoStore, chunk_size: int = BATCH) -> None:
        self.store = store
        super().__init__(
            sources=[store.collections[name] for name in self.source_names],
            targets=[store.collections[name] for name in self.target_names],
            chunk_size=chunk_size,
        )
        self._written = WriteReport()

    @abstractmethod
    def items_of(self, collection: str, keys: list[str]) -> Iterable[Any]:
        """The items that a batch of new documents of one collection gives rise to."""

    @abstractmethod
    def process_item(self, item: Any) -> list[Document]:
        """The target documents of one item."""

    def get_items(self) -> Iterator[Any]:
        """Items of everything new (maggma's interface)."""
        for collection in self.source_names:
            for keys in Changes(self.store, self.name, collection).batches(self.chunk_size):
                yield from self.items_of(collection, keys)

    def update_targets(self, items: list[list[Document]]) -> None:
        """Write processed items."""
        self._written += self.store.put([document for item in items for document in item])

    def complete(self) -> WriteReport:
        """What is left to do when everything new has been written; by default nothing.

        What it is must follow from the targets, so that a build that dies here is resumed.
        """
        return WriteReport()

    def build(self, on_progress: Progress = lambda _: None) -> BuildReport:
        """Take in everything new.

        Args:
            on_progress: called after each batch with its size.
        """
        start, taken_in = time.monotonic(), 0
        self._written = WriteReport()
        for collection in self.source_names:
            for keys in Changes(self.store, self.name, collection).batches(self.chunk_size):
                items = self.items_of(collection, keys)
                self.update_targets([self.process_item(item) for item in items])
                taken_in += len(keys)
                on_progress(len(keys))
        written = self._written + self.complete()
        return BuildReport(self.name, taken_in, written, time.monotonic() - start)

    def forget(self) -> None:
        """Make the next build a full one."""
        for collection in self.source_names:
            Changes(self.store, self.name, collection).forget()

    def finalize(self) -> None:
        """Finish a run by maggma; the stores stay open, for they belong to :class:`DaoStore`."""
        self.complete()
