"""How far an ingest has come, so that it can go on where it stopped."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stores.documents.base import Document


class IngestDocument(Document):
    """The state of one ingest of one source.

    Attributes:
        ingest_id: hash of the source and its parameters.
        source: name of the source.
        cursor: where to go on; None at the beginning and after the end.
        finished: whether the end was reached.
        read: entries read so far.
        rejected: entries that were not taken, by reason; each also has an event.
    """

    collection: ClassVar[str] = "ingests"
    key: ClassVar[str] = "ingest_id"

    ingest_id: str
    source: str
    cursor: str | None = None
    finished: bool = False
    read: int = 0
    rejected: dict[str, int] = Field(default_factory=dict)
