"""The memory: documents, store backends, builders, registry, export (maggma)."""

from stores.dao_store import DaoStore, WriteReport
from stores.opening import dao_home, open_store

__all__ = ["DaoStore", "WriteReport", "dao_home", "open_store"]
