"""Crystals that a search cannot discover: of the memory, of references, of the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dao_core.crystal.reading import NamedStructure
from dao_core.search.setup import SearchSetup
from dao_core.search.sources.template import templates


def seen_before(search: SearchSetup, formulas: Collection[str]) -> list[NamedStructure]:
    """Crystals of some formulas that were known before a search began, the best names first.

    Those with labels bear the label's source and id, prototypes of the AFLOW library theirs, and
    what other searches left its id.
    """
    labelled, others = search.memory.seen_before(formulas, search.search_id)
    return [*labelled, *_library(formulas), *others]


def _library(formulas: Collection[str]) -> Iterator[NamedStructure]:
    """Prototypes that consist of the very elements."""
    for template in templates():
        if template.structure.composition.reduced_formula in formulas:
            name = f"AFLOW {template.label} {template.name}".strip()
            yield NamedStructure(name, template.structure)
