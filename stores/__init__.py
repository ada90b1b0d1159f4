"""The memory: documents, store backends, builders, registry, export (maggma)."""

from stores.dao_store import DaoStore, WriteReport
from stores.opening import dao_home, default_store, open_store, redacted, without_credentials

__all__ = [
    "DaoStore",
    "WriteReport",
    "dao_home",
    "default_store",
    "open_store",
    "redacted",
    "without_credentials",
]
