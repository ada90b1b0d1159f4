"""The backend in memory (mongomock), for tests and trials; nothing outlives the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mongomock_ng
from maggma.stores import MemoryStore


class MemoryCollection(MemoryStore):
    """One collection in memory; closing keeps it, so that builders can finish with it."""

    def connect(self, force_reset: bool = False) -> None:
        """Make the collection once; dates keep their time zone."""
        if self._coll is None or force_reset:
            client: Any = mongomock_ng.MongoClient(tz_aware=True)
            self._coll = client.db[self.collection_name]

    def close(self) -> None:
        """Nothing to let go of."""

    def insert_new(self, document: Mapping[str, Any]) -> bool:
        """Insert a document unless its key is taken."""
        if self.count({self.key: document[self.key]}):
            return False
        self.update(dict(document))
        return True
