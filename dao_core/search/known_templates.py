"""Known crystals of the memory that serve a search as templates."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.search.compositions import CompositionCell
from dao_core.search.memory import SearchMemory
from dao_core.search.sources import Template
from dao_core.search.sources.template import best_templates

PER_CELL = 8
"""Templates of one cell, the most similar ones."""


def known_templates(
    cells: Sequence[CompositionCell], memory: SearchMemory
) -> dict[tuple[str, int], tuple[str, ...]]:
    """Ids of the crystals whose chemistry is nearest, for each (reduced formula, atoms).

    Only what came from a database or a calculation is taken (it has a label); what other searches
    relaxed is unproven.
    """
    anonymous = {cell.composition.anonymized_formula for cell in cells}
    known = [
        Template.known(identity, structure)
        for formula in sorted(anonymous)
        for identity, structure in memory.labelled(formula)
    ]
    if not known:
        return {}
    return {
        (cell.formula, cell.natoms): tuple(
            template.label for template in best_templates(cell, known, PER_CELL)
        )
        for cell in cells
    }


def open_templates(memory: SearchMemory, identities: Sequence[str]) -> list[Template]:
    """Templates of some crystals of the memory, in the given order."""
    structures = memory.structures(identities)
    return [Template.known(key, structures[key]) for key in identities if key in structures]
