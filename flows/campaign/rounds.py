"""Rounds of a campaign: what each asks of which source follows from what the store has by then."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.hashing import content_id
from dao_core.search.budget import SECONDS_PER_ATOM_STEP, Experience, Tally, divide
from dao_core.search.compositions import CompositionCell
from dao_core.search.minima import Found, first_found
from dao_core.search.sources import (
    GeneratorSource,
    GuidedGeneratorSource,
    HeldGeneratorSource,
    PerturbationSource,
    RandomSymmetricSource,
    SoftModeSource,
    TemplateSource,
    UserSource,
)
from flows.campaign.budgets import budgets
from flows.campaign.competing import competition_of
from flows.campaign.known import known_templates
from flows.campaign.plan import Share, with_parents
from flows.campaign.returned import soft_mode_shares
from flows.campaign.running import Campaign
from flows.campaign.survey import Survey, survey_screened

STAGE = "planned"
SOURCES = (
    GeneratorSource,
    GuidedGeneratorSource,
    HeldGeneratorSource,
    TemplateSource,
    RandomSymmetricSource,
    PerturbationSource,
    SoftModeSource,
    UserSource,
)
PRICES = {kind.name: kind.seconds_per_candidate for kind in SOURCES}
"""Nominal seconds for a proposal of ten atoms."""
PARENTS = 3
"""Best structures of a composition that are perturbed."""


def select(campaign: Campaign, number: int, survey: Survey) -> None:
    """Choose what is relaxed in a round whose candidates are screened; the ledger keeps it.

    Args:
        campaign: The campaign.
        number: Of the round, from 0.
        survey: Of all rounds before it and of what it proposed. It stays as it is.
    """
    relax = budgets(campaign.request)[number].relax
    survey_screened(survey.copy(), campaign.ledger, campaign.level, relax)


def plan_round(campaign: Campaign, number: int, survey: Survey) -> list[Share]:
    """The shares of a round, planned once: a resumed campaign keeps to the plan in the store.

    Args:
        campaign: The campaign.
        number: Of the round, from 0.
        survey: Of all rounds before it.
    """
    shares = _planned(campaign, number)
    if shares is None:
        shares = _first(campaign) if number == 0 else _later(campaign, number, survey)
        outcome = {"shares": [share.model_dump(mode="json") for share in shares]}
        campaign.ledger.record(_key(campaign, number), STAGE, outcome, 0.0)
    return shares


def _planned(campaign: Campaign, number: int) -> list[Share] | None:
    """The plan of a round in the store."""
    event = campaign.ledger.done([_key(campaign, number)]).get(_key(campaign, number))
    if event is None:
        return None
    return [Share.model_validate(share) for share in event.detail["outcome"]["shares"]]


def _key(campaign: Campaign, number: int) -> str:
    return content_id("plan", {"campaign_id": campaign.campaign_id, "round": number})


def _first(campaign: Campaign) -> list[Share]:
    """The plan that needs no results of its own.

    Templates get the known crystals of other systems; what unstable crystals of these compositions
    became in earlier searches takes part.
    """
    known = known_templates(campaign) if TemplateSource.name in campaign.models else {}
    planned = [
        with_parents(share, known.get((share.formula, share.natoms), ()))
        if share.source == TemplateSource.name
        else share
        for share in campaign.shares
    ]
    return [*planned, *soft_mode_shares(campaign)]


def _later(campaign: Campaign, number: int, survey: Survey) -> list[Share]:
    """A plan from what earlier rounds brought."""
    found = found_so_far(campaign, survey)
    parents = _parents(survey, found)
    known = {
        (share.formula, share.natoms): share.parents
        for share in survey.shares
        if share.source == TemplateSource.name
    }
    cells = {(cell.formula, cell.z): cell for cell in campaign.cells}
    experience = experience_of(campaign, survey, found, parents)
    numbers = divide(
        campaign.cells,
        list(campaign.models),
        experience,
        budgets(campaign.request)[number].candidates,
    )
    shares = []
    for (source, formula, z), n in sorted(numbers.items()):
        cell = cells[formula, z]
        origin = {
            PerturbationSource.name: tuple(parents.get(formula, ())),
            TemplateSource.name: known.get((formula, cell.natoms), ()),
        }
        before = sum(
            s.n for s in survey.shares if (s.source, s.formula, s.z) == (source, formula, z)
        )
        shares.append(
            Share.of(
                source,
                campaign.models[source],
                cell,
                n,
                campaign.request.seed,
                first=before,
                parents=origin.get(source, ()),
                variant=campaign.variants[source],
            )
        )
    return shares


def found_so_far(campaign: Campaign, survey: Survey) -> list[Found]:
    """The distinct minima of a survey, each with who found it first."""
    relaxations = [survey.relaxations[key] for key in survey.relaxed]
    return first_found(
        [structure for r in relaxations if (structure := r.to_pymatgen()) is not None],
        [float(r.energy_per_atom or 0.0) for r in relaxations],
        campaign.level,
        competition_of(campaign).entries(campaign.level),
    )


def experience_of(
    campaign: Campaign,
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
        prospects=survey.prospects(
            campaign.level, competition_of(campaign).entries(campaign.level)
        ),
        relaxed=relaxed,
        found=finds,
        lowest=lowest,
        closed=_closed(campaign, survey, parents),
    )


def tallies(survey: Survey, found: Sequence[Found]) -> dict[str, Tally]:
    """Cost and yield of every source."""
    proposed: dict[str, int] = {}
    seconds: dict[str, float] = {}
    finds: dict[str, int] = {}
    for key, candidate in survey.candidates.items():
        source = str(candidate.provenance["source"])
        proposed[source] = proposed.get(source, 0) + 1
        price = PRICES[source] * candidate.nsites / 10
        relaxation = survey.relaxations.get(key)
        steps = relaxation.steps if relaxation else 0
        price += (1 + steps) * candidate.nsites * SECONDS_PER_ATOM_STEP
        seconds[source] = seconds.get(source, 0.0) + price
    for minimum in found:
        first = survey.candidates[survey.relaxed[minimum.first]]
        source = str(first.provenance["source"])
        finds[source] = finds.get(source, 0) + minimum.low
    return {
        source: Tally(proposed[source], finds.get(source, 0), seconds[source])
        for source in sorted(proposed)
    }


def _closed(
    campaign: Campaign, survey: Survey, parents: dict[str, list[str]]
) -> set[tuple[str, str, int]]:
    """Arms without anything to offer: exhausted, or without parents."""
    closed = {(s.source, s.formula, s.z) for s in survey.shares if s.key in survey.short}
    sizes = {
        formula: [survey.relaxations[key].nsites for key in keys]
        for formula, keys in parents.items()
    }
    barren = {
        (PerturbationSource.name, cell.formula, cell.z)
        for cell in campaign.cells
        if not _fits(cell, sizes.get(cell.formula, ()))
    }
    return closed | barren


def _fits(cell: CompositionCell, sizes: Sequence[int]) -> bool:
    return any(cell.natoms % size == 0 for size in sizes)


def _parents(survey: Survey, found: Sequence[Found]) -> dict[str, list[str]]:
    """Candidate ids of the best low minima of each composition, lowest first."""
    parents: dict[str, list[str]] = {}
    for minimum in sorted(found, key=lambda m: (m.energy, m.lowest)):
        chosen = parents.setdefault(minimum.formula, [])
        if minimum.low and len(chosen) < PARENTS and minimum.formula not in survey.references:
            chosen.append(survey.relaxed[minimum.lowest])
    return parents
