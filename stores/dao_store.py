"""The store as one object: every collection, the blobs, and reading and writing of documents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from maggma.core import Store

from stores.blobs.base import BlobStore
from stores.documents import Document, utc_now
from stores.errors import StoreError, StoreUnreachableError
from stores.oversize import restore_oversized, spill_oversized
from stores.query import answered
from stores.spool import Spool, Waiting
from stores.versions import SeenVersions, content

D = TypeVar("D", bound=Document)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class WriteReport:
    """What a write did: writing the same twice leaves everything ``unchanged``.

    Attributes:
        inserted: documents that were new.
        updated: documents whose content changed.
        unchanged: documents that said nothing new.
        spooled: documents that wait on this machine because the store is away.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    spooled: int = 0

    def __add__(self, other: WriteReport) -> WriteReport:
        return WriteReport(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.spooled + other.spooled,
        )


class DaoStore:
    """All collections as connected maggma Stores, and the blobs.

    Campaigns, interpretations, ingest and the registry write ``structures``, ``candidates``,
    ``relaxations``, ``validations``, ``interpretations``, ``labels``, ``models``, ``promotions``,
    ``manifests``, ``campaigns``, ``events``, ``test_sets`` and ``ingests``; the builders write
    ``thermo``, ``hulls``, ``duplicates``, ``examples``, ``statistics`` and ``builds``.

    Attributes:
        uri: address without credentials.
        blobs: big outputs by hash.
        file: the file of an embedded store, else None.
        spool: where documents wait while a server is away; None where there is no server.
        transaction: a context in which writes are kept together, where the backend can do that.
        restoring: a context, given the address of a backup, in which a restore fills the store;
            until it ends without an error the store is empty, or :attr:`is_unfinished`.
        is_unfinished: whether a restore has begun to fill the store and did not come to its end.
    """

    def __init__(
        self,
        uri: str,
        collections: Mapping[str, Store],
        blobs: BlobStore,
        *,
        file: Path | None = None,
        spool: Spool | None = None,
        transaction: Callable[[], AbstractContextManager[Any]] = nullcontext,
        restoring: Callable[[str], AbstractContextManager[Any]] = nullcontext,
        is_unfinished: bool = False,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.uri = uri
        self.collections = dict(collections)
        self.blobs = blobs
        self.file = file
        self.spool = spool
        self.transaction = transaction
        self.restoring = restoring
        self.is_unfinished = is_unfinished
        self._on_close = on_close
        self._seen = SeenVersions()
        self.structures = collections["structures"]
        self.candidates = collections["candidates"]
        self.relaxations = collections["relaxations"]
        self.validations = collections["validations"]
        self.interpretations = collections["interpretations"]
        self.labels = collections["labels"]
        self.models = collections["models"]
        self.promotions = collections["promotions"]
        self.manifests = collections["manifests"]
        self.campaigns = collections["campaigns"]
        self.events = collections["events"]
        self.test_sets = collections["test_sets"]
        self.ingests = collections["ingests"]
        self.thermo = collections["thermo"]
        self.hulls = collections["hulls"]
        self.duplicates = collections["duplicates"]
        self.examples = collections["examples"]
        self.statistics = collections["statistics"]
        self.builds = collections["builds"]

    def put(self, documents: Document | Iterable[Document]) -> WriteReport:
        """Write documents; whatever is there already with the same content is left alone.

        Documents of one call and collection are written together: in the embedded store, all of
        them or none. Parts that would make a document larger than 16 MB go to the blobs. While a
        server is away the documents are kept on this machine and written when it is back.

        Raises:
            StoreError: nothing of the failed collection was written.
        """
        given = [documents] if isinstance(documents, Document) else list(documents)
        if self.spool is None:
            return self._put_all(given)
        try:
            self.replay()
            return self._put_all(given)
        except StoreUnreachableError:
            self.spool.add(given, self._seen)
            self._seen.note(given)  # another process of this machine may replay it
            return WriteReport(spooled=len(given))

    def replay(self) -> WriteReport:
        """Write what waits in the spool; :meth:`put` and :func:`stores.open_store` do it too.

        A state that another machine has overtaken meanwhile is not written, and is logged.

        Raises:
            StoreUnreachableError: the store is still away; what was not written goes on waiting.
        """
        reports: list[WriteReport] = []
        if self.spool is not None:
            self.spool.replay(lambda batch: reports.append(self._put_waiting(batch)))
        return sum(reports, WriteReport())

    def insert_new(self, document: Document) -> bool:
        """Insert a document unless its id is taken; whether it was inserted.

        Of several writers at once exactly one gets True: the step by which they agree.
        """
        collection: Any = self.collections[document.collection]
        return bool(collection.insert_new(document.to_store()))

    def get(self, kind: type[D], identity: str) -> D | None:
        """One document by its id, or None."""
        found = next(self.find(kind, {kind.key: identity}), None)
        if found is not None and self.spool is not None:
            self._seen.note([found])
        return found

    def find(
        self,
        kind: type[D],
        criteria: Mapping[str, Any] | None = None,
        *,
        sort: Mapping[str, int] | None = None,
        limit: int = 0,
    ) -> Iterator[D]:
        """Documents that match MongoDB criteria, validated; those that do not count are left out.

        Args:
            kind: class of the documents, e.g. ``RelaxationDocument``.
            criteria: as for MongoDB's ``find``.
            sort: field -> 1 or -1.
            limit: how many at most; 0 for all.

        Raises:
            InputError: the criteria mean nothing to the backend.
        """
        found = self.collections[kind.collection].query(
            dict(criteria or {}),
            sort=dict(sort) if sort else None,
            limit=0 if kind.may_hide else limit,
        )
        counting = (one for one in answered(found) if kind.is_given_out(one))
        for stored in islice(counting, limit or None):
            yield kind.from_store(restore_oversized(stored, self.blobs))

    def known_ids(self, kind: type[Document], identities: Sequence[str]) -> set[str]:
        """Which of these ids are in the store: the way to ask what is missing."""
        found = self.collections[kind.collection].query(
            {kind.key: {"$in": list(identities)}}, properties=[kind.key]
        )
        return {stored[kind.key] for stored in found}

    def close(self) -> None:
        """Let go of files and connections."""
        for store in self.collections.values():
            store.close()
        self._on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put_waiting(self, batch: list[Waiting]) -> WriteReport:
        """Write what waited, unless another machine has written the document since."""
        current: list[Document] = []
        for one in batch:
            store = self.collections[one.document.collection]
            stored = store.query_one({store.key: one.document.id})
            if stored is not None and one.is_overtaken(restore_oversized(stored, self.blobs)):
                name = f"{one.document.collection}/{one.document.id}"
                _LOG.warning(
                    "%s: another machine has written it while the store was away; its state is "
                    "kept, the one of %s from this machine is not written", name, one.since
                )  # fmt: skip
            else:
                current.append(one.document)
        return self._put_all(current)

    def _put_all(self, documents: list[Document]) -> WriteReport:
        report = WriteReport()
        ordered = sorted(documents, key=lambda document: document.collection)
        for name, group in groupby(ordered, key=lambda document: document.collection):
            with self.transaction():
                report += self._put(self.collections[name], list(group))
        return report

    def _put(self, store: Store, documents: list[Document]) -> WriteReport:
        """Write documents of one collection; the last one of an id counts."""
        latest = {document.id: document for document in documents}
        found = store.query({store.key: {"$in": list(latest)}})
        known = {stored[store.key]: stored for stored in found}
        changed: list[dict[str, Any]] = []
        for identity, document in latest.items():
            old = known.get(identity)
            if old is not None and old.get("schema_version", 0) > document.schema_current:
                raise StoreError(
                    f"{document.collection}/{identity} was written by a newer dao, which this one "
                    "would overwrite; update the program. Nothing was written"
                )
            new = document.to_store() if old is None else document.merged(old)
            new = spill_oversized(new, self.blobs)
            if old is None or content(new) != content(old):
                changed.append(new)
        stamp = utc_now()
        for new in changed:
            new["last_updated"] = stamp
        if changed:
            store.update(changed)
        if self.spool is not None:
            self._seen.note(list(latest.values()))
        inserted = len(latest) - len(known)
        return WriteReport(inserted, len(changed) - inserted, len(latest) - len(changed))
