"""The embedded backend: a maggma Store on SQLite (WAL, JSON1), safe for many writers."""

from stores.sqlite.database import Database
from stores.sqlite.store import SqliteStore

__all__ = ["Database", "SqliteStore"]
