"""The ranking of what was refined, on a hull of its own; the rest keeps its place of the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dao_core.search.competing import Competition, competition
from dao_core.search.landscape import Minimum, landscape
from dao_core.search.preflight import READING
from dao_core.search.ranking import described, distances_of, hull_warnings
from dao_core.search.result import FunnelRow
from dao_core.search.seen_before import seen_before
from flows.campaign.refinement import STAGE, is_refined, refinement_key, shortlisted
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary, RankedStructure, StageTime
from stores.documents import EventDocument, RelaxationDocument, utc_now


def finish_refined(campaign: Campaign) -> CampaignSummary:
    """Rank what was refined and write the result over the first answer.

    Args:
        campaign: Ranked at the level of its search, its shortlist refined or failed.
    """
    document = campaign.document()
    first = CampaignSummary.model_validate(document.summary)
    rows = shortlisted(first.ranking)
    keys = {refinement_key(row, campaign.refined_conditions): row.candidate_id for row in rows}
    found = campaign.store.find(RelaxationDocument, {"relaxation_id": {"$in": list(keys)}})
    ends = {keys[one.relaxation_id]: one for one in found}
    campaign.store.put([_claimed(end, campaign.campaign_id) for end in ends.values()])
    document.finished = utc_now()
    lost = [failure for failure in campaign.lost if failure.stage != READING]
    document.state = "failed" if lost else "done"
    refined = [row for row in rows if is_refined(ends.get(row.candidate_id))]
    summary = first.model_copy(
        update={"finished": document.finished, "failures": tuple(campaign.lost)}
    )
    if refined:
        ranking, update = _ranked(campaign, refined, ends)
        funnel, unrefined = _left_out(first.ranking, ranking, rows, ends)
        update |= {
            "models": {**first.models, "refinement": campaign.refined_level},
            "ranking": tuple(ranking),
            "unrefined": tuple(unrefined),
            "interpretations": interpretations_of(ranking, campaign.store),
            "funnel": (*first.funnel, funnel),
            "stages": (*first.stages, _time(campaign, ends)),
        }
        summary = summary.model_copy(update=update)
    return write_result(campaign, summary, document)


def _ranked(
    campaign: Campaign,
    rows: Sequence[RankedStructure],
    ends: Mapping[str, RelaxationDocument],
) -> tuple[list[RankedStructure], dict[str, object]]:
    """The refined structures on the hull of their level, and what else follows from it."""
    level = campaign.refined_level
    structures = [row.relaxed() for row in rows]
    documents = [ends[row.candidate_id] for row in rows]
    structures = [one.to_pymatgen() or old for one, old in zip(documents, structures, strict=True)]
    competing = _competition(campaign)
    known = seen_before(campaign, {row.formula for row in rows})
    energies = [float(one.energy_per_atom or 0.0) for one in documents]
    ranking = [
        _row(minimum, rows, documents[minimum.index], campaign)
        for minimum in landscape(
            structures,
            energies,
            level,
            competing.compound_entries(),
            known,
            competing.references,
        )
    ]
    phases = competing.entries(level)
    return ranking, {
        "level": level,
        "search_level": campaign.level,
        "competing": tuple(competing.phases(level)),
        "distances": tuple(distances_of(ranking)),
        "warnings": (
            *campaign.warnings,
            *competing.flags,
            *hull_warnings(level, ranking, phases),
        ),
    }


def _competition(campaign: Campaign) -> Competition:
    """What the hull of the refinement holds."""
    return competition(
        campaign.memory,
        campaign.campaign_id,
        sorted(campaign.target.elements),
        campaign.refined_with,
        campaign.refined_conditions,
    )


def _row(
    minimum: Minimum,
    rows: Sequence[RankedStructure],
    end: RelaxationDocument,
    campaign: Campaign,
) -> RankedStructure:
    """A row of the first ranking as its refinement left it."""
    row, structure = rows[minimum.index], end.to_pymatgen()
    if structure is None:
        raise ValueError(f"{end.relaxation_id} has no structure")
    outside = campaign.refined_with.domain.objection(structure, campaign.request.pressure)
    return row.model_copy(
        update={
            **described(minimum, structure),
            "structure_id": str(end.structure_id),
            "energy_std": None,
            "population": sum(rows[member].population for member in minimum.members),
            "converged": end.converged,
            "flags": (f"outside the domain: {outside}",) if outside else (),
            "search_energy_above_hull": row.energy_above_hull,
        }
    )


def _left_out(
    first: Sequence[RankedStructure],
    ranking: Sequence[RankedStructure],
    shortlist: Sequence[RankedStructure],
    ends: Mapping[str, RelaxationDocument],
) -> tuple[FunnelRow, list[RankedStructure]]:
    """The row of the funnel, and what keeps the place that the search gave it, with the reason."""
    ranked = {row.candidate_id for row in ranking}
    listed = {row.candidate_id for row in shortlist}
    reasons: Counter[str] = Counter()
    unrefined: list[RankedStructure] = []
    for row in first:
        end = ends.get(row.candidate_id)
        if row.candidate_id in ranked:
            continue
        if is_refined(end):
            reasons["duplicate"] += 1  # two minima of the search are one of the refinement
            continue
        if row.candidate_id not in listed:
            reason = "not_shortlisted"
        else:
            reason = "not_done" if end is None else end.stop_reason
        reasons[reason] += 1
        flags = row.flags if reason == "not_shortlisted" else (*row.flags, f"refinement: {reason}")
        rank = len(ranking) + len(unrefined) + 1
        unrefined.append(row.model_copy(update={"rank": rank, "flags": flags}))
    funnel = FunnelRow(
        stage=STAGE, entered=len(first), left=len(ranking), rejected=dict(sorted(reasons.items()))
    )
    return funnel, unrefined


def _time(campaign: Campaign, ends: Mapping[str, RelaxationDocument]) -> StageTime:
    """Seconds of the batches that this campaign or others refined."""
    mine = {"kind": "batch", "subject": STAGE, "campaign_id": campaign.campaign_id}
    events = list(campaign.store.find(EventDocument, mine))
    seconds = sum(event.detail["seconds"] for event in events)
    return StageTime(stage=STAGE, seconds=seconds, reused=bool(ends) and not events)


def _claimed(document: RelaxationDocument, campaign_id: str) -> RelaxationDocument:
    """A refinement with this campaign among those that used it."""
    campaigns = sorted({*document.campaign_ids, campaign_id})
    return document.model_copy(update={"campaign_ids": campaigns})
