"""What a stored document says, and which states of it a process has seen in its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao_core.hashing import text_hash
from stores.documents import Document
from stores.encoding import encode

VOLATILE = ("_id", "last_updated", "builder_meta")
"""Fields that say when and by what a document was written, not what it says."""


def content(stored: Mapping[str, Any]) -> str:
    """What a document says, as text, because NaN does not equal itself."""
    return encode({name: stored[name] for name in sorted(stored) if name not in VOLATILE})


def version(stored: Mapping[str, Any]) -> str:
    """A short name of what a document says."""
    return text_hash(content(stored), 16)


class SeenVersions:
    """The last state of each document that this process has written to its store or got from it.

    Documents that merge with what is stored need none: no state of theirs replaces another.
    """

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], str] = {}

    def note(self, documents: Sequence[Document]) -> None:
        """Remember what the store now holds."""
        for document in documents:
            if not merges(document):
                self._versions[document.collection, document.id] = version(document.to_store())

    def of(self, document: Document) -> str | None:
        """The last state that was seen of a document, or None."""
        return self._versions.get((document.collection, document.id))


def merges(document: Document) -> bool:
    """Whether a document joins what is stored rather than replacing it."""
    return type(document).merged is not Document.merged
