"""Structures that a query finds, with what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymatgen.core import Structure

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import Document, StructureDocument, ThermoDocument

FACTS = (
    "structure_id", "formula", "chemsys", "nsites", "space_group", "space_group_number", "level",
    "energy_per_atom", "formation_energy_per_atom", "energy_above_hull", "is_stable", "origin",
    "volume_per_atom", "density", "source", "source_id", "converged", "stop_reason",
)  # fmt: skip
"""Scalar fields that go into exports, where a document has them."""


@dataclass(frozen=True)
class Selected:
    """One structure of a selection.

    Attributes:
        id: id of the document that was found.
        structure: the crystal.
        facts: scalars by name; energies in eV/atom.
    """

    id: str
    structure: Structure
    facts: dict[str, Any]


def select(
    store: DaoStore,
    criteria: Mapping[str, Any],
    kind: type[Document] = ThermoDocument,
    *,
    sort: Mapping[str, int] | None = None,
    limit: int = 0,
) -> Iterator[Selected]:
    """Structures of the documents that match; documents that never had one are left out.

    Args:
        store: the store.
        criteria: MongoDB criteria, see :func:`stores.query.parse_query`.
        kind: class of the documents.
        sort: field -> 1 or -1.
        limit: how many at most; 0 for all.

    Raises:
        InputError: documents of this kind have no structures.
    """
    if not {"structure", "structure_id"} & kind.model_fields.keys():
        raise InputError(f"{kind.collection} have no structures; query structures or thermo")
    for document in store.find(kind, criteria, sort=sort, limit=limit):
        values = document.model_dump()
        crystal = values.get("structure") or _structure(store, values.get("structure_id"))
        if crystal is not None:
            facts = {name: values[name] for name in FACTS if values.get(name) is not None}
            yield Selected(document.id, Structure.from_dict(crystal), facts)


def _structure(store: DaoStore, structure_id: str | None) -> dict[str, Any] | None:
    found = store.get(StructureDocument, structure_id) if structure_id else None
    return found.structure if found else None
