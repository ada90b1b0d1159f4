"""The ranking: relaxed candidates symmetrised, made distinct, placed on the hull and ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymatgen.core import Composition, Structure

from dao_core.crystal.prototype import prototype_label
from dao_core.hull import PhaseEntry, missing_references
from dao_core.search.landscape import Minimum, distance_matrix, landscape
from flows.campaign.competing import competition_of
from flows.campaign.running import Campaign
from flows.campaign.seen_before import seen_before
from flows.campaign.survey import Survey
from flows.report.summary import CompetingPhase, MinimaDistances, RankedStructure
from stores.documents import RelaxationDocument

MOST_COMPARED = 30
"""Best minima of a composition of which all distances are kept."""


@dataclass(frozen=True)
class Ranking:
    """The ranked structures and what they were measured against.

    Attributes:
        rows: Best first.
        competing: Phases of the hull that earlier campaigns left in the store.
        distances: Between the minima of each composition.
        warnings: What the reader must know of domain and hull.
    """

    rows: list[RankedStructure]
    competing: list[CompetingPhase]
    distances: list[MinimaDistances]
    warnings: list[str]


def rank(campaign: Campaign, survey: Survey, started: datetime) -> Ranking:
    """Rank what was relaxed; adds the stage ``distinct`` to the funnel of ``survey``.

    Args:
        campaign: The campaign.
        survey: Surveyed up to the relaxations.
        started: When the campaign began: what the store knew before is not novel.
    """
    relaxations = [survey.relaxations[key] for key in survey.relaxed]
    structures = [structure for r in relaxations if (structure := r.to_pymatgen()) is not None]
    competition = competition_of(campaign)
    minima = landscape(
        structures,
        [float(r.energy_per_atom or 0.0) for r in relaxations],
        campaign.level,
        competition.compound_entries(),
        seen_before(campaign.store, {r.formula for r in relaxations}, started),
        competition.references,
        [r.energy_std for r in relaxations],
    )
    rows = [
        _row(minimum, relaxations[minimum.index], structures[minimum.index], survey, campaign)
        for minimum in minima
    ]
    kept = {row.candidate_id for row in rows}
    repeats = {key: "duplicate" for key in survey.relaxed if key not in kept}
    survey.funnel.pass_through("distinct", survey.relaxed, repeats)
    phases = competition.entries(campaign.level)
    warnings = [
        *competition.flags,
        *_domain_warnings(rows),
        *hull_warnings(campaign.level, rows, phases),
    ]
    return Ranking(rows, competition.phases(campaign.level), distances_of(rows), warnings)


def _domain_warnings(rows: Sequence[RankedStructure]) -> list[str]:
    """How much of the ranking lies outside the training domain of the potential."""
    flags = Counter(flag for row in rows for flag in row.flags)
    return [
        f"{count} of {len(rows)} ranked structures {flag}: their energies are not to be trusted"
        for flag, count in flags.items()
    ]


def distances_of(rows: Sequence[RankedStructure]) -> list[MinimaDistances]:
    """Distances between the best minima of each composition."""
    by_formula: dict[str, list[RankedStructure]] = {}
    for row in rows:
        by_formula.setdefault(row.formula, []).append(row)
    return [
        MinimaDistances(
            formula=formula,
            ranks=tuple(row.rank for row in best),
            distances=tuple(
                tuple(round(float(value), 4) for value in line)
                for line in distance_matrix([row.relaxed() for row in best])
            ),
        )
        for formula, found in by_formula.items()
        if len(best := found[:MOST_COMPARED]) > 1
    ]


def hull_warnings(
    level: str, rows: Sequence[RankedStructure], phases: Sequence[PhaseEntry]
) -> list[str]:
    """What is missing for a hull that can be trusted."""
    found = [PhaseEntry(Composition(row.formula), row.energy_per_atom, level) for row in rows]
    missing = missing_references([*found, *phases])
    if not missing:
        return []
    text = f"no complete hull: {', '.join(missing)} has no relaxed phase at {level}"
    return [f"{text}; raise --candidates or --relax"]


def _row(
    minimum: Minimum,
    relaxation: RelaxationDocument,
    structure: Structure,
    survey: Survey,
    campaign: Campaign,
) -> RankedStructure:
    """One row of the ranking."""
    candidate = survey.candidates[str(relaxation.candidate_id)]
    outside = campaign.potential.domain.objection(structure, campaign.request.pressure)
    return RankedStructure(
        **described(minimum, structure),
        candidate_id=candidate.candidate_id,
        structure_id=str(relaxation.structure_id),
        energy_std=relaxation.energy_std,
        population=len(minimum.members),
        origin=candidate.origin,
        converged=relaxation.converged,
        flags=(f"outside the domain: {outside}",) if outside else (),
    )


def described(minimum: Minimum, structure: Structure) -> dict[str, Any]:
    """What a row says of a minimum of a landscape.

    Args:
        minimum: With its place on the hull.
        structure: The relaxed cell that stands for it.
    """
    return {
        "rank": minimum.rank,
        "formula": minimum.formula,
        "z": minimum.z,
        "space_group": minimum.space_group,
        "space_group_number": minimum.crystal.space_group_number,
        "energy_per_atom": minimum.energy_per_atom,
        "energy_above_hull": minimum.energy_above_hull,
        "energy_above_hull_std": minimum.energy_above_hull_std,
        "volume_per_atom": structure.volume / len(structure),
        "prototype": prototype_label(minimum.crystal),
        "wyckoff_sequence": minimum.crystal.wyckoff_sequence,
        "distance_to_best": minimum.distance_to_best,
        "novel": minimum.novel,
        "known_as": minimum.known_as,
        "structure": structure.as_dict(),
        "conventional": minimum.crystal.conventional.as_dict(),
        "symprec": minimum.crystal.symprec,
    }
