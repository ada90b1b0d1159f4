"""Bringing documents of older schemas up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import DOCUMENTS, Document, LabelDocument
from stores.maintenance.label_identity import identify_labels

Stored = dict[str, Any]
BATCH = 500


@dataclass(frozen=True)
class MigrationReport:
    """What became of old documents.

    Attributes:
        migrated: documents by collection.
        failed: those that could not be, with the reason.
        lost: what the old documents cannot tell any more, and what to do about it.
    """

    migrated: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


def _manifest_1(stored: Stored) -> Stored:
    """Entries could only be labels; test sets were listed without their hashes."""
    for entry in stored["entries"]:
        entry["example_id"] = f"labels/{entry.pop('label_id')}"
    stored["test_sets"] = dict.fromkeys(stored["test_sets"], "not recorded")
    return stored


def _model_1(stored: Stored) -> Stored:
    """The end of training was optional, the time of registration unknown."""
    stored["registered"] = stored.pop("trained", None) or stored["last_updated"]
    return stored


MIGRATIONS: dict[tuple[str, int], Callable[[Stored], Stored]] = {
    ("manifests", 1): _manifest_1,
    ("models", 1): _model_1,
}
"""(collection, schema version) -> the step to the next version."""


def outdated(store: DaoStore) -> dict[str, int]:
    """How many documents of each collection have an older schema."""
    counts = {kind.collection: store.collections[kind.collection].count(_older(kind))
              for kind in DOCUMENTS}  # fmt: skip
    return {name: count for name, count in counts.items() if count}


def migrate(
    store: DaoStore, on_progress: Callable[[int], None] = lambda _: None
) -> MigrationReport:
    """Bring every document to the current schema; one that cannot be is named and left as it is.

    Interrupted at any point, it can be run again: what is done is done.

    Args:
        store: the store; back it up first.
        on_progress: called with the number of documents of each batch.
    """
    report = MigrationReport()
    for kind in DOCUMENTS:
        if kind is LabelDocument:  # their ids change, and what cites them
            continue
        collection = store.collections[kind.collection]
        old = list(collection.query(_older(kind), properties=[kind.key]))
        for start in range(0, len(old), BATCH):
            keys = [one[kind.key] for one in old[start : start + BATCH]]
            with store.transaction():
                found = list(collection.query({kind.key: {"$in": keys}}))
                new = [one for stored in found if (one := _migrated(kind, stored, report))]
                if new:
                    collection.update(new)
            count = report.migrated.get(kind.collection, 0) + len(new)
            report.migrated[kind.collection] = count
            on_progress(len(keys))
    # Last, for it looks into the other documents.
    if count := identify_labels(store, report.failed, report.lost, on_progress):
        report.migrated["labels"] = count
    return report


def _older(kind: type[Document]) -> dict[str, Any]:
    return {"schema_version": {"$lt": kind.schema_current}}


def _migrated(kind: type[Document], stored: Stored, report: MigrationReport) -> Stored | None:
    """The document in its current schema, or None after noting why there is none."""
    name = f"{kind.collection}/{stored[kind.key]}"
    stored.pop("_id", None)
    try:
        for version in range(stored["schema_version"], kind.schema_current):
            stored = MIGRATIONS[kind.collection, version](stored)
            stored["schema_version"] = version + 1
        return kind.from_store(stored).to_store()
    except (KeyError, TypeError, InputError) as error:
        report.failed[name] = f"{type(error).__name__}: {error}"
        return None
