"""The ranking: relaxed candidates symmetrised, made distinct, placed on the hull and ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymatgen.core import Composition, Structure

from dao_core.crystal.prototype import prototype_label
from dao_core.crystal.structure_type import structure_type
from dao_core.hull import PhaseEntry, missing_references
from dao_core.search.competing import competition_of
from dao_core.search.landscape import Minimum, distance_matrix, landscape
from dao_core.search.records import RelaxedCandidate
from dao_core.search.result import CompetingPhase, MinimaDistances, RankedCrystal
from dao_core.search.seen_before import seen_before
from dao_core.search.setup import SearchSetup
from dao_core.search.survey import Survey

MOST_COMPARED = 30
"""Best minima of a composition of which all distances are kept."""


@dataclass(frozen=True)
class Ranking:
    """The ranked structures and what they were measured against.

    Attributes:
        rows: Best first.
        competing: Phases of the hull that earlier searches left in the memory.
        distances: Between the minima of each composition.
        warnings: What the reader must know of domain and hull.
    """

    rows: list[RankedCrystal]
    competing: list[CompetingPhase]
    distances: list[MinimaDistances]
    warnings: list[str]


def rank(search: SearchSetup, survey: Survey) -> Ranking:
    """Rank what was relaxed; adds the stage ``distinct`` to the funnel of ``survey``.

    Args:
        search: The search.
        survey: Surveyed up to the relaxations.
    """
    relaxations = [survey.relaxations[key] for key in survey.relaxed]
    structures = [structure for r in relaxations if (structure := r.to_pymatgen()) is not None]
    competition = competition_of(search)
    minima = landscape(
        structures,
        [float(r.energy_per_atom or 0.0) for r in relaxations],
        search.level,
        competition.compound_entries(),
        seen_before(search, {r.formula for r in relaxations}),
        competition.references,
        [r.energy_std for r in relaxations],
    )
    rows = [
        _row(minimum, relaxations[minimum.index], structures[minimum.index], survey, search)
        for minimum in minima
    ]
    kept = {row.candidate_id for row in rows}
    repeats = {key: "duplicate" for key in survey.relaxed if key not in kept}
    survey.funnel.pass_through("distinct", survey.relaxed, repeats)
    phases = competition.entries(search.level)
    warnings = [
        *competition.flags,
        *_domain_warnings(rows),
        *hull_warnings(search.level, rows, phases),
    ]
    return Ranking(rows, competition.phases(search.level), distances_of(rows), warnings)


def _domain_warnings(rows: Sequence[RankedCrystal]) -> list[str]:
    """How much of the ranking lies outside the training domain of the potential."""
    flags = Counter(flag for row in rows for flag in row.flags)
    return [
        f"{count} of {len(rows)} ranked structures {flag}: their energies are not to be trusted"
        for flag, count in flags.items()
    ]


def distances_of(rows: Sequence[RankedCrystal]) -> list[MinimaDistances]:
    """Distances between the best minima of each composition."""
    by_formula: dict[str, list[RankedCrystal]] = {}
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
    level: str, rows: Sequence[RankedCrystal], phases: Sequence[PhaseEntry]
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
    relaxation: RelaxedCandidate,
    structure: Structure,
    survey: Survey,
    search: SearchSetup,
) -> RankedCrystal:
    """One row of the ranking."""
    candidate = survey.candidates[str(relaxation.candidate_id)]
    outside = search.potential.domain.objection(structure, search.request.pressure)
    return RankedCrystal(
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
    label = prototype_label(minimum.crystal)
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
        "prototype": label,
        "structure_type": structure_type(label),
        "wyckoff_sequence": minimum.crystal.wyckoff_sequence,
        "distance_to_best": minimum.distance_to_best,
        "novel": minimum.novel,
        "known_as": minimum.known_as,
        "structure": structure.as_dict(),
        "conventional": minimum.crystal.conventional.as_dict(),
        "symprec": minimum.crystal.symprec,
    }
