"""The ranking: relaxed candidates symmetrised, made distinct, placed on the hull and ordered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymatgen.core import Composition, Structure

from dao_core.search.hull import PhaseEntry
from dao_core.search.landscape import Minimum, landscape
from flows.campaign.running import Campaign
from flows.campaign.survey import Survey
from flows.report.summary import CompetingPhase, RankedStructure
from stores import DaoStore
from stores.documents import RelaxationDocument, StructureDocument


@dataclass(frozen=True)
class Ranking:
    """The ranked structures and what they were measured against.

    Attributes:
        rows: Best first.
        competing: Phases of the hull that earlier campaigns left in the store.
        warnings: What the reader must know of the hull.
    """

    rows: list[RankedStructure]
    competing: list[CompetingPhase]
    warnings: list[str]


def rank(campaign: Campaign, survey: Survey, started: datetime) -> Ranking:
    """Rank what was relaxed; adds the stage ``distinct`` to the funnel of ``survey``.

    Args:
        campaign: The campaign.
        survey: Surveyed up to the relaxations.
        started: When the campaign began: what the store knew before is not novel.
    """
    relaxations = [survey.relaxations[key] for key in survey.kept]
    structures = [structure for r in relaxations if (structure := r.to_pymatgen()) is not None]
    competing = _competing_phases(campaign)
    minima = landscape(
        structures,
        [float(r.energy_per_atom or 0.0) for r in relaxations],
        campaign.level,
        [PhaseEntry(Composition(p.formula), p.energy_per_atom, p.level) for p in competing],
        _known_before(campaign.store, {r.formula for r in relaxations}, started),
    )
    rows = [
        _row(minimum, relaxations[minimum.index], structures[minimum.index], survey, campaign)
        for minimum in minima
    ]
    kept = {row.candidate_id for row in rows}
    repeats = {key: "duplicate" for key in survey.kept if key not in kept}
    survey.kept = survey.funnel.pass_through("distinct", survey.kept, repeats)
    return Ranking(rows, competing, _hull_warnings(campaign, rows))


def _hull_warnings(campaign: Campaign, rows: Sequence[RankedStructure]) -> list[str]:
    """What is missing for a hull that can be trusted."""
    if all(row.energy_above_hull is not None for row in rows):
        return []
    text = f"no complete hull: an element of {campaign.chemsys} has no relaxed phase at "
    return [f"{text}{campaign.level}; raise --candidates or --relax"]


def _competing_phases(campaign: Campaign) -> list[CompetingPhase]:
    """The lowest phase of each composition that other campaigns found at this level."""
    system = set(campaign.target.elements)
    criteria = {"level": campaign.level, "campaign_ids": {"$ne": campaign.campaign_id}}
    lowest: dict[str, RelaxationDocument] = {}
    for found in campaign.store.find(RelaxationDocument, criteria, sort={"energy_per_atom": 1}):
        if found.converged and set(found.elements) <= system:
            lowest.setdefault(found.formula, found)
    return [_competing(found) for found in lowest.values()]


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


def _known_before(store: DaoStore, formulas: Collection[str], started: datetime) -> list[Structure]:
    """Crystals of some formulas that were in the store before the campaign began."""
    found = store.find(StructureDocument, {"formula": {"$in": sorted(formulas)}})
    return [document.to_pymatgen() for document in found if document.last_updated < started]


def _row(
    minimum: Minimum,
    relaxation: RelaxationDocument,
    structure: Structure,
    survey: Survey,
    campaign: Campaign,
) -> RankedStructure:
    """One row of the ranking."""
    candidate = survey.candidates[str(relaxation.candidate_id)]
    outside = campaign.potential.domain.objection(structure)
    return RankedStructure(
        rank=minimum.rank,
        candidate_id=candidate.candidate_id,
        structure_id=str(relaxation.structure_id),
        formula=minimum.formula,
        z=candidate.provenance["z"],
        space_group=minimum.space_group,
        space_group_number=minimum.crystal.space_group_number,
        energy_per_atom=minimum.energy_per_atom,
        energy_above_hull=minimum.energy_above_hull,
        energy_std=relaxation.energy_std,
        volume_per_atom=structure.volume / len(structure),
        origin=candidate.origin,
        novel=minimum.novel,
        converged=relaxation.converged,
        flags=(f"outside the domain: {outside}",) if outside else (),
        structure=structure.as_dict(),
        conventional=minimum.crystal.conventional.as_dict(),
        symprec=minimum.crystal.symprec,
    )
