"""Phases of the chemical system that other campaigns left in the store at the same level."""

from __future__ import annotations

from collections.abc import Sequence

from pymatgen.core import Composition

from dao_core.hull import PhaseEntry
from flows.campaign.running import Campaign
from flows.report.summary import CompetingPhase
from stores.documents import RelaxationDocument


def competing_phases(campaign: Campaign, level: str) -> list[CompetingPhase]:
    """The lowest phase of each composition that other campaigns found at a level."""
    system = set(campaign.target.elements)
    criteria = {"level": level, "campaign_ids": {"$ne": campaign.campaign_id}}
    lowest: dict[str, RelaxationDocument] = {}
    for found in campaign.store.find(RelaxationDocument, criteria, sort={"energy_per_atom": 1}):
        if found.converged and set(found.elements) <= system:
            lowest.setdefault(found.formula, found)
    return [_competing(found) for found in lowest.values()]


def entries(phases: Sequence[CompetingPhase]) -> list[PhaseEntry]:
    """Phases as the hull takes them."""
    return [
        PhaseEntry(Composition(phase.formula), phase.energy_per_atom, phase.level)
        for phase in phases
    ]


def competing_entries(campaign: Campaign) -> list[PhaseEntry]:
    """The phases that compete with those of the search."""
    return entries(competing_phases(campaign, campaign.level))


def _competing(found: RelaxationDocument) -> CompetingPhase:
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
