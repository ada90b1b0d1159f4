"""The mark that a restore leaves in a MongoDB database until it has come to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from dao_core.errors import InputError
from stores.mongo import translated_errors

_ID = "restore"


class RestoreMark:
    """Says that a database is being filled, or was not filled to the end.

    MongoDB keeps transactions only on replica sets, and small ones only: a restore that is killed
    must be known by something else than an empty store.
    """

    def __init__(self, database: Database[Any], address: str) -> None:
        self._marks = database["restores"]
        self._address = address

    def backup(self) -> str | None:
        """Address of the backup whose restore has not ended, if there is one."""
        with translated_errors(self._address):
            found = self._marks.find_one({"_id": _ID})
        return str(found["backup"]) if found else None

    @contextmanager
    def restoring(self, backup: str) -> Iterator[None]:
        """Bear the mark until the block has ended without an error.

        Raises:
            InputError: the database holds part of another backup.
        """
        with translated_errors(self._address):
            try:
                self._marks.insert_one({"_id": _ID, "backup": backup})
            except DuplicateKeyError:
                if self.backup() != backup:
                    raise InputError(
                        f"{self._address} holds a part of {self.backup()}: restore that one to its "
                        "end, or drop the database"
                    ) from None
        try:
            yield
        except InputError:
            self._remove()  # refused before anything was written
            raise
        self._remove()

    def _remove(self) -> None:
        with translated_errors(self._address):
            self._marks.delete_one({"_id": _ID})
