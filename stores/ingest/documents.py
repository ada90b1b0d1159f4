"""From an entry of a source to the documents that the store keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.hashing import content_id
from stores.dao_store import DaoStore
from stores.documents import (
    CandidateDocument,
    Document,
    EventDocument,
    LabelDocument,
    StructureDocument,
    composition_fields,
    utc_now,
)
from stores.ingest.entry import Entry, Source

USER = "user:"
"""How the origin of what a user gave begins."""


def documents_of(source: Source, entry: Entry) -> Iterator[Document]:
    """The documents of an entry: structure and label or candidate, or the event of its rejection.

    Their ids follow from the content, never from names: two files of one name are two labels, and
    the same content is one label wherever it lies.
    """
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
        text = str(error)
        reason = text if text.startswith("impossible_") else f"unusable: {text}"
        yield _rejection(source, entry, reason)


def without_known_candidates(store: DaoStore, documents: Iterable[Document]) -> list[Document]:
    """The documents without candidates of crystals that the user has given before.

    A candidate may have gone on since; given again, it says nothing new.
    """
    given = list(documents)
    ids = sorted({one.structure_id for one in given
                  if isinstance(one, CandidateDocument) and one.structure_id})  # fmt: skip
    found = store.candidates.query(
        {"structure_id": {"$in": ids}}, ["structure_id", "origin", "structure"]
    )
    known = {_crystal_key(one) for one in found if str(one["origin"]).startswith(USER)}
    return [
        one for one in given
        if not isinstance(one, CandidateDocument) or _crystal_key(one.model_dump()) not in known
    ]  # fmt: skip


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
    candidate = CandidateDocument(
        candidate_id="",
        structure_id=structure.structure_id,
        origin=f"{USER}{entry.source_id}",
        provenance={"source": source.name, "source_id": entry.source_id},
        structure=crystal.as_dict(),
        **composition_fields(crystal),
    )
    identity = content_id("c", list(_crystal_key(candidate.model_dump())))
    return [structure, candidate.model_copy(update={"candidate_id": identity})]


def _crystal_key(stored: dict[str, Any]) -> tuple[str, str]:
    """What makes a crystal of the user this one: structure_id, and the moments it is blind to."""
    sites = (stored.get("structure") or {}).get("sites") or []
    moments = [(site.get("properties") or {}).get("magmom") or 0.0 for site in sites]
    return stored["structure_id"], str(moments) if any(moments) else ""


def _rejection(source: Source, entry: Entry, reason: str) -> EventDocument:
    word, _, detail = reason.partition(": ")
    where = [source.name, source.parameters, entry.source_id, reason]
    return EventDocument(
        event_id=content_id("e", ["ingest_rejected", *where]),
        kind="ingest_rejected",
        subject=f"{source.name}/{entry.source_id}",
        reason=word,
        detail={"text": detail} if detail else {},
        happened=utc_now(),
    )
