"""Taking a source into the store: resumable, idempotent, and nothing rejected in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from dao_core.hashing import content_id
from stores.dao_store import DaoStore, WriteReport
from stores.documents import Document, EventDocument, IngestDocument, LabelDocument
from stores.ingest.documents import documents_of, without_known_candidates
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
        passed_over: entries that were never meant to be taken, by what they are.
        notes: what was decided where the source leaves it open, with the number of entries.
    """

    source: str
    read: int
    written: WriteReport
    labels: dict[str, int]
    rejected: dict[str, int]
    rejections: list[tuple[str, str]]
    passed_over: dict[str, int]
    notes: dict[str, int]


def ingest(
    store: DaoStore,
    source: Source,
    *,
    limit: int | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> IngestReport:
    """Take in a source; an interrupted ingest of the same source goes on where it stopped.

    Each batch is written before the place is noted, and ids follow from the content, so that a
    batch taken in twice changes nothing. A finished ingest begins anew and takes in what changed;
    where the ids of a source stay with a material, what it said before is withdrawn.

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
    passed_over, notes = Counter[str](), Counter[str]()
    while batch := list(islice(entries, BATCH)):
        passed_over.update(one.reason or "" for one in batch if not one.is_fault)
        notes.update(note for one in batch for note in one.notes)
        wanted = [one for one in batch if one.is_fault]
        documents = without_known_candidates(
            store, (document for entry in wanted for document in documents_of(source, entry))
        )
        labels.update(_new_labels(store, documents))
        written += store.put(documents)
        _withdraw_replaced(store, documents, {one.source_id for one in batch if one.renews})
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
    return IngestReport(source.name, read, written, dict(labels), dict(rejected), rejections,
                        dict(passed_over), dict(notes))  # fmt: skip


def _new_labels(store: DaoStore, documents: Iterable[Document]) -> Counter[str]:
    """How many labels of each level the store does not have."""
    levels = {one.label_id: one.level for one in documents if isinstance(one, LabelDocument)}
    known = store.known_ids(LabelDocument, list(levels)) if levels else set()
    return Counter(level for identity, level in levels.items() if identity not in known)


def _withdraw_replaced(store: DaoStore, documents: Iterable[Document], renewed: set[str]) -> None:
    """Withdraw what the source of some labels said of the same ids at the same level before."""
    newest = {
        (one.source, one.source_id or "", one.level): one.label_id
        for one in documents
        if isinstance(one, LabelDocument) and one.source_id in renewed
    }
    ids = sorted({identity for _, identity, _ in newest})
    older = []
    for old in store.find(LabelDocument, {"source_id": {"$in": ids}}) if ids else ():
        new = newest.get((old.source, old.source_id or "", old.level), old.label_id)
        if new != old.label_id:
            older.append(old.model_copy(update={"withdrawn": f"replaced by {new}"}))
    store.put(older)


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
