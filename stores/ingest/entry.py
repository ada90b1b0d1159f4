"""What a source gives, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pymatgen.core import Structure


@dataclass(frozen=True)
class Entry:
    """One entry of a source: a structure with what is known of it, or the reason why there is none.

    Attributes:
        source_id: its id in the source.
        structure: the crystal; None when it could not be read.
        level: energy level of its label; None for a structure without label.
        facts: further fields of :class:`stores.documents.LabelDocument`.
        reason: why it is rejected, in a short word and, after a colon, details.
        cursor: where the source goes on after this entry.
        renews: whether the id stays with one material, as in databases, so that what the source
            said of it before is withdrawn. Names of files do not.
        is_fault: whether an entry that is not taken should have been; others are passed over.
        notes: what was decided where the source leaves it open.
    """

    source_id: str
    structure: Structure | None = None
    level: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    cursor: str | None = None
    renews: bool = False
    is_fault: bool = True
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """Where entries come from.

    Attributes:
        name: as it stands in labels, e.g. ``materials-project`` or ``records:mp20``; no secrets.
        licence: of the data, if known.
        parameters: what was asked for; with the name it identifies an ingest that can go on.
    """

    name: str
    licence: str | None
    parameters: dict[str, Any]

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries after a cursor (None: from the beginning), in an order that does not change."""
