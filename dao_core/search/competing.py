"""What a search's hull holds beside its own crystals: references, and phases of the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pymatgen.core import Composition

from dao_core.hull import PhaseEntry
from dao_core.potentials import Potential
from dao_core.references import ElementReference
from dao_core.search.conditions import Conditions
from dao_core.search.memory import SearchMemory
from dao_core.search.records import RelaxedCandidate
from dao_core.search.references import element_references, known_phases
from dao_core.search.result import CompetingPhase
from dao_core.search.setup import SearchSetup


@dataclass(frozen=True)
class Competition:
    """The phases that a hull at one level holds.

    Attributes:
        references: Known ground states of the elements.
        compounds: The lowest phase of each other composition that the memory knows at the level.
    """

    references: list[ElementReference]
    compounds: list[CompetingPhase]

    def compound_entries(self) -> list[PhaseEntry]:
        """The compounds as the hull takes them."""
        return [
            PhaseEntry(Composition(phase.formula), phase.energy_per_atom, phase.level)
            for phase in self.compounds
        ]

    def entries(self, level: str) -> list[PhaseEntry]:
        """Compounds and elements as a hull takes them that knows no references."""
        elements = [
            PhaseEntry(Composition(one.symbol), one.energy_per_atom, level)
            for one in self.references
            if one.energy_per_atom is not None
        ]
        return [*self.compound_entries(), *elements]

    def phases(self, level: str) -> list[CompetingPhase]:
        """All of them, as the report shows them."""
        known = [one for one in self.references if one.energy_per_atom is not None]
        return [*(_element(one, level) for one in known), *self.compounds]

    @property
    def flags(self) -> list[str]:
        """What a reader must know of the references."""
        return [one.flag for one in self.references if one.flag]


def competition(
    memory: SearchMemory,
    search_id: str,
    elements: Sequence[str],
    potential: Potential,
    conditions: Conditions,
) -> Competition:
    """What a hull holds at a level; known phases that lack are relaxed now.

    Args:
        memory: Of the search.
        search_id: Whose own crystals are left out.
        elements: Of the system.
        potential: The level.
        conditions: Level and settings of the search's relaxations.
    """
    known = replace(conditions, searching=False)
    references = element_references(memory, elements, potential, known)
    known_phases(memory, elements, potential, known)
    placed = {one.symbol for one in references if one.energy_per_atom is not None}
    lowest: dict[str, RelaxedCandidate] = {}
    for found in memory.phases(conditions.level, elements, search_id):
        if Composition(found.formula).chemical_system not in placed:
            lowest.setdefault(found.formula, found)
    return Competition(references, [_compound(found) for found in lowest.values()])


def competition_of(search: SearchSetup) -> Competition:
    """What the hull of a search holds at its level."""
    elements = sorted(search.target.elements)
    return competition(
        search.memory, search.search_id, elements, search.potential, search.conditions
    )


def _element(reference: ElementReference, level: str) -> CompetingPhase:
    if reference.energy_per_atom is None:
        raise ValueError(f"{reference.symbol} has no reference")
    return CompetingPhase(
        name=f"{reference.symbol} ({reference.source})",
        formula=Composition(reference.symbol).reduced_formula,
        energy_per_atom=reference.energy_per_atom,
        volume_per_atom=_volume(reference),
        level=level,
        source="reference",
    )


def _volume(reference: ElementReference) -> float | None:
    crystal = None if reference.own is None else reference.own.structure
    return None if crystal is None else crystal.volume / len(crystal)


def _compound(found: RelaxedCandidate) -> CompetingPhase:
    if found.energy_per_atom is None:
        raise ValueError(f"{found.relaxation_id} converged without an energy")
    return CompetingPhase(
        name=f"{found.formula} ({found.space_group})",
        formula=found.formula,
        energy_per_atom=found.energy_per_atom,
        volume_per_atom=found.volume_per_atom,
        level=found.level,
        source="store",
    )
