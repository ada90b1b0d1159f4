"""What a campaign's hull holds beside its own crystals: references, and phases of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pymatgen.core import Composition

from dao_core.hull import PhaseEntry
from dao_core.potentials import Potential
from dao_core.references import ElementReference
from flows.campaign.conditions import Conditions
from flows.campaign.references import element_references, known_phases
from flows.campaign.running import Campaign
from flows.report.summary import CompetingPhase
from stores import DaoStore
from stores.documents import RelaxationDocument


@dataclass(frozen=True)
class Competition:
    """The phases that a hull at one level holds.

    Attributes:
        references: Known ground states of the elements.
        compounds: The lowest phase of each other composition that the store knows at the level.
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
    store: DaoStore,
    campaign_id: str,
    elements: Sequence[str],
    potential: Potential,
    conditions: Conditions,
) -> Competition:
    """What a hull holds at a level; known phases that lack are relaxed now.

    Args:
        store: Of the campaign.
        campaign_id: Whose own crystals are left out.
        elements: Of the system.
        potential: The level.
        conditions: Level and settings of the campaign's relaxations.
    """
    known = replace(conditions, searching=False)
    references = element_references(store, elements, potential, known)
    known_phases(store, elements, potential, known)
    placed = {one.symbol for one in references if one.energy_per_atom is not None}
    criteria = {"level": conditions.level, "campaign_ids": {"$ne": campaign_id}}
    lowest: dict[str, RelaxationDocument] = {}
    for found in store.find(RelaxationDocument, criteria, sort={"energy_per_atom": 1}):
        outside = not set(found.elements) <= set(elements)
        if found.converged and not outside and found.chemsys not in placed:
            lowest.setdefault(found.formula, found)
    return Competition(references, [_compound(found) for found in lowest.values()])


def competition_of(campaign: Campaign, *, refined: bool = False) -> Competition:
    """What the hull of a campaign holds at the level of its search, or of its refinement."""
    return competition(
        campaign.store,
        campaign.campaign_id,
        sorted(campaign.target.elements),
        campaign.refined_with if refined else campaign.potential,
        campaign.refined_conditions if refined else campaign.conditions,
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


def _compound(found: RelaxationDocument) -> CompetingPhase:
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
