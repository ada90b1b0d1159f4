"""Which structures are near-duplicates of which."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stores.documents.base import Document


class DuplicateDocument(Document):
    """The group of one structure.

    Attributes:
        structure_id: content hash.
        bucket: composition and space group; only structures of one bucket are compared.
        fingerprint: see :func:`dao_core.crystal.fingerprint.fingerprint`, row after row.
        group_id: structure_id of the leader of its group; its own when it leads.
        compared: structure_id -> whether StructureMatcher found them alike; kept so that no pair
            is compared twice.
        is_grouped: False until its bucket has been looked through with it.
    """

    collection: ClassVar[str] = "duplicates"
    key: ClassVar[str] = "structure_id"
    indexed: ClassVar[tuple[str, ...]] = ("bucket", "group_id", "is_grouped")

    structure_id: str
    bucket: str
    fingerprint: list[float]
    group_id: str
    compared: dict[str, bool] = Field(default_factory=dict)
    is_grouped: bool = True
