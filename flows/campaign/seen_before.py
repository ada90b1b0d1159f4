"""Crystals that a campaign cannot discover: of the store, of references, of the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from dao_core.crystal.reading import NamedStructure
from dao_core.search.sources.template import templates
from stores import DaoStore
from stores.documents import LabelDocument, StructureDocument
from stores.documents.label import REFINEMENT


def seen_before(
    store: DaoStore, formulas: Collection[str], started: datetime
) -> list[NamedStructure]:
    """Crystals of some formulas that were known before a campaign began, the best names first.

    Those with labels (ingested references such as the Materials Project, calculations of ours) bear
    the label's source and id, prototypes of the AFLOW library theirs, and what other searches left
    in the store its id.
    """
    wanted = {"formula": {"$in": sorted(formulas)}}
    found = [s for s in store.find(StructureDocument, wanted) if s.last_updated < started]
    names = {
        label["structure_id"]: f"{label['source']} {label.get('source_id') or ''}".strip()
        for label in store.collections[LabelDocument.collection].query(
            {**wanted, "source": {"$ne": REFINEMENT}},
            properties=["structure_id", "source", "source_id"],
        )
    }
    labelled = [s for s in found if s.structure_id in names]
    others = [s for s in found if s.structure_id not in names]
    return [
        *(NamedStructure(names[s.structure_id], s.to_pymatgen()) for s in labelled),
        *_library(formulas),
        *(NamedStructure(f"store {s.structure_id}", s.to_pymatgen()) for s in others),
    ]


def _library(formulas: Collection[str]) -> Iterator[NamedStructure]:
    """Prototypes that consist of the very elements."""
    for template in templates():
        if template.structure.composition.reduced_formula in formulas:
            name = f"AFLOW {template.label} {template.name}".strip()
            yield NamedStructure(name, template.structure)
