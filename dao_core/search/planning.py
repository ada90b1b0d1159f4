"""Rounds of a search: what each asks of which source follows from what the memory has by then."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.hashing import content_id
from dao_core.search.budget import SECONDS_PER_ATOM_STEP, Experience, Tally, divide
from dao_core.search.competing import competition_of
from dao_core.search.compositions import CompositionCell
from dao_core.search.known_templates import known_templates
from dao_core.search.minima import Found, first_found
from dao_core.search.returned import soft_mode_shares
from dao_core.search.rounds import budgets
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share, with_parents
from dao_core.search.source_registry import BRED, bred_class, price
from dao_core.search.sources import TemplateSource
from dao_core.search.survey import Survey

STAGE = "planned"
PARENTS = 3
"""Best structures of a composition that are perturbed."""


def plan_round(search: SearchSetup, number: int, survey: Survey) -> list[Share]:
    """The shares of a round, planned once: a resumed search keeps to the plan in the memory.

    Args:
        search: The search.
        number: Of the round, from 0.
        survey: Of all rounds before it.
    """
    shares = _planned(search, number)
    if shares is None:
        shares = _first(search) if number == 0 else _later(search, number, survey)
        outcome = {"shares": [share.model_dump(mode="json") for share in shares]}
        search.record(_key(search, number), STAGE, outcome, 0.0)
    return shares


def _planned(search: SearchSetup, number: int) -> list[Share] | None:
    """The plan of a round in the memory."""
    key = _key(search, number)
    done = search.memory.done([key]).get(key)
    if done is None:
        return None
    return [Share.model_validate(share) for share in done.outcome["shares"]]


def _key(search: SearchSetup, number: int) -> str:
    return content_id("plan", {"campaign_id": search.search_id, "round": number})


def _first(search: SearchSetup) -> list[Share]:
    """The plan that needs no results of its own.

    Templates get the known crystals of other systems; what unstable crystals of these compositions
    became in earlier searches takes part.
    """
    known = (
        known_templates(search.cells, search.memory) if TemplateSource.name in search.models else {}
    )
    planned = [
        with_parents(share, known.get((share.formula, share.natoms), ()))
        if share.source == TemplateSource.name
        else share
        for share in search.shares
    ]
    return [*planned, *soft_mode_shares(search)]


def _later(search: SearchSetup, number: int, survey: Survey) -> list[Share]:
    """A plan from what earlier rounds brought."""
    found = found_so_far(search, survey)
    parents = _parents(survey, found)
    known = {
        (share.formula, share.natoms): share.parents
        for share in survey.shares
        if share.source == TemplateSource.name
    }
    cells = {(cell.formula, cell.z): cell for cell in search.cells}
    experience = experience_of(search, survey, found, parents)
    numbers = divide(
        search.cells,
        list(search.models),
        experience,
        budgets(search.request)[number].candidates,
    )
    shares = []
    for (source, formula, z), n in sorted(numbers.items()):
        cell = cells[formula, z]
        origin = {
            **dict.fromkeys(BRED, tuple(parents.get(formula, ()))),
            TemplateSource.name: known.get((formula, cell.natoms), ()),
        }
        before = sum(
            s.n for s in survey.shares if (s.source, s.formula, s.z) == (source, formula, z)
        )
        shares.append(
            Share.of(
                source,
                search.models[source],
                cell,
                n,
                search.request.seed,
                first=before,
                parents=origin.get(source, ()),
                variant=search.variants[source],
            )
        )
    return shares


def found_so_far(search: SearchSetup, survey: Survey) -> list[Found]:
    """The distinct minima of a survey, each with who found it first."""
    relaxations = [survey.relaxations[key] for key in survey.relaxed]
    return first_found(
        [structure for r in relaxations if (structure := r.to_pymatgen()) is not None],
        [float(r.energy_per_atom or 0.0) for r in relaxations],
        search.level,
        competition_of(search).entries(search.level),
    )


def experience_of(
    search: SearchSetup,
    survey: Survey,
    found: Sequence[Found],
    parents: dict[str, list[str]],
) -> Experience:
    """What the bandit is told."""
    finds: dict[str, int] = {}
    for minimum in found:
        finds[minimum.formula] = finds.get(minimum.formula, 0) + minimum.low
    relaxed: dict[str, int] = {}
    lowest: dict[tuple[str, int], float] = {}
    for key in survey.relaxed:
        relaxation = survey.relaxations[key]
        relaxed[relaxation.formula] = relaxed.get(relaxation.formula, 0) + 1
        size = (relaxation.formula, int(survey.candidates[key].provenance["z"]))
        energy = float(relaxation.energy_per_atom or 0.0)
        lowest[size] = min(energy, lowest.get(size, energy))
    return Experience(
        sources=tallies(survey, found),
        prospects=survey.prospects(search.level, competition_of(search).entries(search.level)),
        relaxed=relaxed,
        found=finds,
        lowest=lowest,
        closed=_closed(search, survey, parents),
    )


def tallies(survey: Survey, found: Sequence[Found]) -> dict[str, Tally]:
    """Cost and yield of every source."""
    proposed: dict[str, int] = {}
    seconds: dict[str, float] = {}
    finds: dict[str, int] = {}
    for key, candidate in survey.candidates.items():
        source = str(candidate.provenance["source"])
        proposed[source] = proposed.get(source, 0) + 1
        seconds_asked = price(source) * candidate.nsites / 10
        relaxation = survey.relaxations.get(key)
        steps = relaxation.steps if relaxation else 0
        seconds_asked += (1 + steps) * candidate.nsites * SECONDS_PER_ATOM_STEP
        seconds[source] = seconds.get(source, 0.0) + seconds_asked
    for minimum in found:
        first = survey.candidates[survey.relaxed[minimum.first]]
        source = str(first.provenance["source"])
        finds[source] = finds.get(source, 0) + minimum.low
    return {
        source: Tally(proposed[source], finds.get(source, 0), seconds[source])
        for source in sorted(proposed)
    }


def _closed(
    search: SearchSetup, survey: Survey, parents: dict[str, list[str]]
) -> set[tuple[str, str, int]]:
    """Arms without anything to offer: exhausted, or without parents."""
    closed = {(s.source, s.formula, s.z) for s in survey.shares if s.key in survey.short}
    sizes = {
        formula: [survey.relaxations[key].nsites for key in keys]
        for formula, keys in parents.items()
    }
    barren = {
        (source, cell.formula, cell.z)
        for source in BRED & set(search.models)
        for cell in search.cells
        if not _breeds(source, cell, sizes.get(cell.formula, ()))
    }
    return closed | barren


def _breeds(source: str, cell: CompositionCell, sizes: Sequence[int]) -> bool:
    return any(bred_class(source).breeds(cell.natoms, size) for size in sizes)


def _parents(survey: Survey, found: Sequence[Found]) -> dict[str, list[str]]:
    """Candidate ids of the best low minima of each composition, lowest first."""
    parents: dict[str, list[str]] = {}
    for minimum in sorted(found, key=lambda m: (m.energy, m.lowest)):
        chosen = parents.setdefault(minimum.formula, [])
        if minimum.low and len(chosen) < PARENTS and minimum.formula not in survey.references:
            chosen.append(survey.relaxed[minimum.lowest])
    return parents
