"""How far a builder has read a collection."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stores.documents.base import Document


class MarkDocument(Document):
    """The place up to which one builder has taken in one collection.

    Attributes:
        mark_id: ``<builder>:<collection>``, for backends without write numbers with the slice of
            keys appended.
        sequence: number of the last write taken in (embedded store).
        seen: key -> time stamp taken in (other backends).
    """

    collection: ClassVar[str] = "builds"
    key: ClassVar[str] = "mark_id"

    mark_id: str
    sequence: int = 0
    seen: dict[str, str] = Field(default_factory=dict)
