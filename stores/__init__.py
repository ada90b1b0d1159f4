"""The memory: documents, store backends, builders, registry, export (maggma)."""

from stores.addresses import redacted, without_credentials
from stores.dao_store import DaoStore, WriteReport
from stores.opening import default_store, open_store

__all__ = [
    "DaoStore",
    "WriteReport",
    "default_store",
    "open_store",
    "redacted",
    "without_credentials",
]
