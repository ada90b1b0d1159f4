"""Taking a source into the store: resumable, idempotent, and nothing rejected in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pymatgen.core import Structure

from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.hashing import content_id
from stores.dao_store import DaoStore, WriteReport
from stores.documents import (
    CandidateDocument,
    Document,
    EventDocument,
    IngestDocument,
    LabelDocument,
    StructureDocument,
    composition_fields,
    utc_now,
)
from stores.ingest.entry import Entry, Source

BATCH = 100


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        source: name of the source.
        read: entries read now (not those of earlier, interrupted runs).
        written: what became of the documents.
        labels: new labels by level.
        rejected: entries that were not taken, by reason.
        rejections: id in the source and reason of each of them; the events say it too.
    """

    source: str
    read: int
    written: WriteReport
    labels: dict[str, int]
    rejected: dict[str, int]
    rejections: list[tuple[str, str]]


def ingest(
    store: DaoStore,
    source: Source,
    *,
    limit: int | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> IngestReport:
    """Take in a source; an interrupted ingest of the same source goes on where it stopped.

    Each batch is written before the place is noted, and ids follow from the content, so that a
    batch taken in twice changes nothing. A finished ingest begins anew and takes in what changed.

    Args:
        store: the store.
        source: where entries come from.
        limit: how many entries to read now; None for all.
        on_progress: called with the number of entries of each batch.
    """
    state = _state(store, source)
    entries = islice(source.entries(state.cursor), limit)
    written, labels, rejected, read = WriteReport(), Counter[str](), Counter[str](), 0
    rejections: list[tuple[str, str]] = []
    while batch := list(islice(entries, BATCH)):
        documents = [document for entry in batch for document in _documents(source, entry)]
        labels.update(_new_labels(store, documents))
        written += store.put(documents)
        events = [one for one in documents if isinstance(one, EventDocument)]
        reasons = [one.reason or "" for one in events]
        rejected.update(reasons)
        rejections += [
            (one.subject.removeprefix(f"{source.name}/"),
             ": ".join(filter(None, (one.reason, one.detail.get("text")))))
            for one in events
        ]  # fmt: skip
        read += len(batch)
        _note(store, state, batch, reasons)
        on_progress(len(batch))
    if limit is None or read < limit:
        state.cursor, state.finished = None, True
        store.put(state)
    return IngestReport(source.name, read, written, dict(labels), dict(rejected), rejections)


def _new_labels(store: DaoStore, documents: Iterable[Document]) -> Counter[str]:
    """How many labels of each level the store does not have."""
    levels = {one.label_id: one.level for one in documents if isinstance(one, LabelDocument)}
    known = store.known_ids(LabelDocument, list(levels)) if levels else set()
    return Counter(level for identity, level in levels.items() if identity not in known)


def _state(store: DaoStore, source: Source) -> IngestDocument:
    identity = content_id("i", [source.name, source.parameters])
    state = store.get(IngestDocument, identity)
    if state is None or state.finished:
        state = IngestDocument(ingest_id=identity, source=source.name)
    return state


def _note(
    store: DaoStore, state: IngestDocument, batch: list[Entry], reasons: Iterable[str]
) -> None:
    state.read += len(batch)
    state.cursor = batch[-1].cursor
    state.rejected = dict(Counter(state.rejected) + Counter(reasons))
    store.put(state)


def _documents(source: Source, entry: Entry) -> Iterator[Document]:
    """The documents of an entry: structure and label, or the event of its rejection."""
    if entry.structure is None:
        yield _rejection(source, entry, entry.reason or "no_structure")
        return
    reason = entry.reason or invalid_reason(entry.structure)
    if reason is not None:
        yield _rejection(source, entry, reason)
        return
    try:
        yield from _accepted(source, entry, entry.structure)
    except InputError as error:
        yield _rejection(source, entry, f"unusable: {error}")


def _accepted(source: Source, entry: Entry, crystal: Structure) -> list[Document]:
    structure = StructureDocument.from_structure(crystal)
    if entry.level is not None:
        label = LabelDocument.of(
            crystal,
            level=entry.level,
            source=source.name,
            source_id=entry.source_id,
            licence=source.licence,
            **entry.facts,
        )
        return [structure, label]
    provenance = {"source": source.name, "source_id": entry.source_id}
    candidate = CandidateDocument(
        candidate_id=content_id("c", provenance),
        structure_id=structure.structure_id,
        origin=f"user:{entry.source_id}",
        provenance=provenance,
        structure=crystal.as_dict(),
        **composition_fields(crystal),
    )
    return [structure, candidate]


def _rejection(source: Source, entry: Entry, reason: str) -> EventDocument:
    word, _, detail = reason.partition(": ")
    return EventDocument(
        event_id=content_id("e", ["ingest_rejected", source.name, entry.source_id]),
        kind="ingest_rejected",
        subject=f"{source.name}/{entry.source_id}",
        reason=word,
        detail={"text": detail} if detail else {},
        happened=utc_now(),
    )
