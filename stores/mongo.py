"""The MongoDB backend: maggma's MongoStore with one client, time zones, and our errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from maggma.stores import MongoStore
from pymongo import MongoClient
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from dao_core.errors import InputError
from stores.errors import StoreError, StoreReadOnlyError, StoreUnreachableError, WrongStoreError

BAD_QUERY = {2, 9, 51091}
"""Codes of the server for a bad value, criteria that do not parse, a bad regular expression."""
SERVER_SECONDS = 10
"""How long to look for a server before saying that it is away."""
ANSWER_SECONDS = 300
"""How long a server that was reached may take for one answer before it counts as away."""


class MongoCollection(MongoStore):
    """One collection of a MongoDB database; all collections of a store share one client."""

    def __init__(
        self, client: MongoClient[Any], database: str, collection_name: str, address: str,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(database, collection_name, **kwargs)
        self._client = client
        self._address = address

    @property
    def name(self) -> str:
        """Address without credentials, and collection."""
        return f"{self._address}#{self.collection_name}"

    def connect(self, force_reset: bool = False) -> None:
        """Take the collection from the shared client."""
        del force_reset
        self._coll = self._client[self.database][self.collection_name]  # type: ignore[assignment] # maggma says None

    def close(self) -> None:
        """Let go of the collection; the client stays open for the others."""
        self._coll = None

    def count(self, *args: Any, **kwargs: Any) -> int:
        """Number of documents that match."""
        with translated_errors(self._address):
            return super().count(*args, **kwargs)

    def query(self, *args: Any, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """Documents that match."""
        with translated_errors(self._address):
            yield from super().query(*args, **kwargs)

    def distinct(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Distinct values of a field."""
        with translated_errors(self._address):
            return super().distinct(*args, **kwargs)

    def groupby(self, *args: Any, **kwargs: Any) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """Groups of documents."""
        with translated_errors(self._address):
            yield from super().groupby(*args, **kwargs)

    def ensure_index(self, *args: Any, **kwargs: Any) -> bool:
        """Index a field."""
        with translated_errors(self._address):
            return bool(super().ensure_index(*args, **kwargs))

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Insert or replace documents."""
        with translated_errors(self._address):
            super().update(*args, **kwargs)

    def remove_docs(self, criteria: dict[str, Any]) -> None:
        """Remove the documents that match."""
        with translated_errors(self._address):
            super().remove_docs(criteria)

    def insert_new(self, document: Mapping[str, Any]) -> bool:
        """Insert a document unless its key is taken (the key has a unique index)."""
        with translated_errors(self._address):
            try:
                self._collection.insert_one(dict(document))
            except OperationFailure as error:
                if not is_taken(error):
                    raise
                return False
            return True


def is_taken(error: OperationFailure) -> bool:
    """Whether an insertion failed because of a unique index, in the words of any server."""
    return isinstance(error, DuplicateKeyError) or "unique" in str(error).lower()


def open_client(uri: str, address: str) -> MongoClient[Any]:
    """Connect and make sure that the server answers.

    Raises:
        WrongStoreError: the URI is malformed.
        StoreUnreachableError: no server answers, or it refuses the credentials.
    """
    with translated_errors(address):
        try:
            options: dict[str, Any] = {"tz_aware": True, "appname": "dao"}
            given = uri.lower()
            if "serverselectiontimeoutms" not in given:
                options["serverSelectionTimeoutMS"] = SERVER_SECONDS * 1000
            if "sockettimeoutms" not in given:
                options["socketTimeoutMS"] = ANSWER_SECONDS * 1000
            client: MongoClient[Any] = MongoClient(uri, **options)
        except (InvalidURI, ConfigurationError, ValueError) as error:
            # With unescaped credentials, what it complains of may be a piece of the password.
            what = "percent-encode user name and password" if "@" in uri else str(error)
            raise WrongStoreError(f"{address}: not a MongoDB URI ({what})") from None
        client.admin.command("ping")
        return client


@contextmanager
def translated_errors(address: str) -> Iterator[None]:
    """Turn pymongo's errors into ours; the text never holds credentials.

    Raises:
        StoreError: of the kind that fits what pymongo reports.
        InputError: the server cannot make sense of a query.
    """
    try:
        yield
    except ConnectionFailure as error:
        raise StoreUnreachableError(
            f"{address}: the MongoDB server does not answer; start it or check --store"
        ) from error
    except OperationFailure as error:
        if error.code in {13, 18}:
            raise StoreReadOnlyError(f"{address}: the server refuses these credentials") from error
        if error.code in BAD_QUERY:
            raise InputError(f"query: {address} cannot answer it: {error}") from error
        raise StoreError(f"{address}: {error.details or error}") from error
    except PyMongoError as error:
        raise StoreError(f"{address}: {type(error).__name__}: {error}") from error
