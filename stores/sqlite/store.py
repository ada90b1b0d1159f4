"""A maggma Store on one table of a SQLite file."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from maggma.core import Store, StoreError
from mongomock_ng.filtering import filter_applies
from pydash import get, has, set_

from dao_core.errors import InputError
from stores.encoding import decode, encode
from stores.errors import StoreCorruptError
from stores.sqlite.criteria import SqlCriteria, extract, is_plain, translate
from stores.sqlite.database import Database
from stores.sqlite.projection import project
from stores.sqlite.sorting import SortOrder, in_order, order_by

_TABLE = (
    "CREATE TABLE IF NOT EXISTS @ (seq INTEGER PRIMARY KEY AUTOINCREMENT, key NOT NULL UNIQUE, "
    "doc TEXT NOT NULL, crc INTEGER NOT NULL)"
)
Properties = Mapping[str, Any] | Sequence[str]


class SqliteStore(Store):
    """Documents as JSON in one table of an embedded database, behind maggma's interface.

    Every write is one durable transaction; any number of threads and processes may write at once.
    Each row carries a checksum, so a damaged document is reported, never returned. Rows are
    numbered by the order of their last write (see :meth:`changed_since`), which lets builders find
    what is new without trusting clocks.
    """

    def __init__(
        self, path: str | Path, collection_name: str, key: str = "task_id", **kwargs: Any
    ) -> None:
        if not is_plain(collection_name):
            raise InputError(
                f"{collection_name!r}: letters, digits and underscores name a collection"
            )
        self.path = str(path)
        self.collection_name = collection_name
        self.kwargs = kwargs
        self._database: Database | None = None
        super().__init__(key=key, **kwargs)

    @property
    def _collection(self) -> Database:
        if self._database is None:
            raise StoreError("connect the store before using it")
        return self._database

    @property
    def name(self) -> str:
        """File and collection."""
        return f"sqlite://{self.path}#{self.collection_name}"

    def connect(self, force_reset: bool = False) -> None:
        """Open the file and make the table if it is new.

        Raises:
            StoreError: the file is damaged, foreign, or out of reach.
        """
        if self._database is not None and not force_reset:
            return
        self._database = Database.shared(Path(self.path))
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", [self.collection_name]
            ).fetchone()
        if not found:
            with self._database.writing() as connection:
                connection.execute(self._statement(_TABLE))

    def close(self) -> None:
        """Let go of the file; other collections of it stay open."""
        self._database = None

    def count(self, criteria: dict[str, Any] | None = None) -> int:
        """Number of documents that match."""
        sql = translate(criteria, self.key)
        if sql.rest:
            return sum(1 for _ in self.query(criteria, properties=[self.key]))
        return self._rows(self._statement("SELECT count(*) FROM @") + sql.where, sql.values)[0][0]

    def query(
        self,
        criteria: dict[str, Any] | None = None,
        properties: Properties | None = None,
        sort: SortOrder | None = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Documents that match, as MongoDB would match, project, sort, skip and limit them.

        The documents are those of one moment; writes made while iterating are not seen.

        Raises:
            StoreCorruptError: a document that was read is damaged.
        """
        sql = translate(criteria, self.key)
        order, sorted_here = order_by(sort, has_conditions=bool(sql.clauses))
        statement = self._statement("SELECT key, doc, crc FROM @") + sql.where + order
        if not sql.rest and not sorted_here:
            statement += f" LIMIT {limit or -1} OFFSET {skip}"
            skip = limit = 0
        found = self._matching(self._rows(statement, sql.values), sql)
        if sorted_here:
            found = iter(in_order(found, sort or {}))
        for document in islice(found, skip, skip + limit if limit else None):
            yield project(document, properties)

    def update(
        self, docs: list[dict[str, Any]] | dict[str, Any], key: list[str] | str | None = None
    ) -> None:
        """Insert or replace documents, all of them or (after an error) none.

        Args:
            docs: one document or several.
            key: fields that identify a document; the store's key by default.

        Raises:
            InputError: a document lacks the key, or holds a value without JSON form.
            StoreError: the file is full, read-only, or damaged; nothing was written.
        """
        documents = docs if isinstance(docs, list) else [docs]
        for document in documents:
            self._refuse_invalid(document)
        rows = [self._row(document) for document in documents]
        with self._collection.writing() as connection:
            if key is not None and key != self.key:
                self._remove_replaced(documents, [key] if isinstance(key, str) else key)
            connection.executemany(
                self._statement("INSERT OR REPLACE INTO @ (key, doc, crc) VALUES (?, ?, ?)"), rows
            )

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """A context whose writes, to any collection of the file, are kept together or not at all.

        Other writers wait for its end.
        """
        return self._collection.writing()

    def insert_new(self, document: Mapping[str, Any]) -> bool:
        """Insert a document unless its key is taken; the step by which writers agree on an order.

        Returns:
            Whether it was inserted.
        """
        with self._collection.writing() as connection:
            cursor = connection.execute(
                self._statement("INSERT OR IGNORE INTO @ (key, doc, crc) VALUES (?, ?, ?)"),
                self._row(document),
            )
            return cursor.rowcount == 1

    def changed_since(self, sequence: int) -> Iterator[tuple[int, Any]]:
        """``(sequence number, key)`` of every document written after a sequence number, in order.

        The number is given inside the write transaction, so no later commit can carry a smaller
        one, whatever the clocks of the writers show.
        """
        yield from self._rows(
            self._statement("SELECT seq, key FROM @ WHERE seq > ? ORDER BY seq"), [sequence]
        )

    def ensure_index(self, key: str, unique: bool = False) -> bool:
        """Index a top-level field; False for a dotted one, which queries scan for."""
        if not is_plain(key):
            return False
        name = f"{self.collection_name}_{key}{'_unique' if unique else ''}"
        rows = self._rows("SELECT 1 FROM sqlite_master WHERE type='index' AND name=?", [name])
        if not rows and key != self.key:
            kind = "UNIQUE INDEX" if unique else "INDEX"
            with self._collection.writing() as connection:
                connection.execute(
                    self._statement(f'CREATE {kind} IF NOT EXISTS "{name}" ON @ ({extract(key)})')
                )
        return True

    def groupby(
        self,
        keys: list[str] | str,
        criteria: dict[str, Any] | None = None,
        properties: Properties | None = None,
        sort: SortOrder | None = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Groups of documents that agree in ``keys``; those that lack one of them are left out."""
        keys = [keys] if isinstance(keys, str) else keys
        wanted = [*keys, *properties] if properties is not None else None
        found = self.query(criteria, wanted, sort, skip, limit)
        documents = [document for document in found if all(has(document, key) for key in keys)]

        def values(document: dict[str, Any]) -> str:
            return encode({key: get(document, key) for key in keys})

        for _, group in groupby(sorted(documents, key=values), key=values):
            members = list(group)
            identity: dict[str, Any] = {}
            for key in keys:
                set_(identity, key, get(members[0], key))
            yield identity, members

    def distinct(
        self, field: str, criteria: dict[str, Any] | None = None, all_exist: bool = False
    ) -> list[Any]:
        """Distinct values of a field; elements of arrays count one by one, as in MongoDB."""
        if all_exist:
            criteria = {**(criteria or {}), field: {"$exists": True}}
        sql = translate(criteria, self.key)
        if is_plain(field) and not sql.rest:
            # Asked for twice, SQLite answers with a JSON array, in which true is not 1.
            pair = f"json_extract(doc,'$.{field}','$.{field}')"
            select = self._statement("SELECT DISTINCT ~ FROM @").replace("~", pair)
            rows = self._rows(select + sql.where, sql.values)
            values: Iterable[Any] = (decode(row[0])[0] for row in rows)
        else:
            values = (get(document, field) for document in self.query(criteria, [field]))
        flat = (
            item for value in values for item in (value if isinstance(value, list) else [value])
        )
        return list({encode({"v": item}): item for item in flat if item is not None}.values())

    def remove_docs(self, criteria: dict[str, Any]) -> None:
        """Remove the documents that match."""
        sql = translate(criteria, self.key)
        with self._collection.writing() as connection:
            if sql.rest:
                keys = [(document[self.key],) for document in self.query(criteria, [self.key])]
                connection.executemany(self._statement("DELETE FROM @ WHERE key=?"), keys)
            else:
                connection.execute(self._statement("DELETE FROM @") + sql.where, sql.values)

    def damaged(self) -> list[str]:
        """Keys of the documents whose checksum does not fit."""
        return [key for key, document in self.examined() if document is None]

    def examined(self) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Key and content of every document; None for the content of a damaged one.

        Raises:
            StoreCorruptError: the table cannot be read further.
        """
        with self._collection.reading() as connection:
            for key, text, crc in connection.execute(
                self._statement("SELECT key, doc, crc FROM @")
            ):
                yield str(key), decode(text) if _checksum(text) == crc else None

    def _statement(self, text: str) -> str:
        """SQL with the table for ``@``; its name was checked when the store was made."""
        return text.replace("@", f'"{self.collection_name}"')

    def _rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self._collection.reading() as connection:
            return connection.execute(statement, values).fetchall()

    def _matching(self, rows: Iterable[Any], sql: SqlCriteria) -> Iterator[dict[str, Any]]:
        for key, text, crc in rows:
            if _checksum(text) != crc:
                raise StoreCorruptError(
                    f"{self.path}: document {key} of {self.collection_name} is damaged; "
                    "restore a backup (dao store restore)"
                )
            document = decode(text)
            if not sql.rest or filter_applies(sql.rest, document):
                yield document

    def _row(self, document: Mapping[str, Any]) -> tuple[Any, str, int]:
        key = document.get(self.key)
        if not isinstance(key, str | int):
            raise InputError(f"{self.collection_name}: a document without its key {self.key!r}")
        text = encode({name: value for name, value in document.items() if name != "_id"})
        return key, text, _checksum(text)

    def _refuse_invalid(self, document: dict[str, Any]) -> None:
        if self.validator is not None and not self.validator.is_valid(document):
            errors = self.validator.validation_errors(document)
            raise InputError(f"{self.collection_name}: {errors}")

    def _remove_replaced(self, documents: list[dict[str, Any]], keys: list[str]) -> None:
        """Remove the first document that agrees with each new one in other fields than the key."""
        for document in documents:
            old = self.query_one({key: document[key] for key in keys}, [self.key])
            if old is not None:
                self.remove_docs({self.key: old[self.key]})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SqliteStore) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
