"""The summary of a campaign: from what the store holds to the one document of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dao_core.search import proposing, relaxation, screening
from dao_core.search.memory import Done
from dao_core.search.planning import found_so_far, tallies
from dao_core.search.ranking import Ranking
from dao_core.search.survey import Survey
from dao_core.versions import versions
from flows.campaign.running import Campaign
from flows.report.summary import (
    CampaignSummary,
    RankedStructure,
    SourceYield,
    StageTime,
    origin_source,
)
from stores.documents import CampaignDocument


def summarise(
    campaign: Campaign,
    document: CampaignDocument,
    ranking: Ranking,
    survey: Survey,
) -> CampaignSummary:
    """Put together what is known of a campaign.

    Args:
        campaign: The campaign.
        document: What the store knows of it, ``finished`` set.
        ranking: The ranked structures.
        survey: Of which they were ranked.
    """
    if document.finished is None:
        raise ValueError(f"{document.campaign_id} has no time at which it finished")
    models = {name: hash_ for name, hash_ in campaign.models.items() if hash_}
    return CampaignSummary(
        campaign_id=campaign.campaign_id,
        system=", ".join(campaign.request.targets),
        elements=tuple(sorted(campaign.target.elements)),
        request=campaign.request.for_identity(),
        level=campaign.level,
        store=campaign.store.uri,
        started=document.started,
        finished=document.finished,
        seeds=document.seeds,
        versions=versions(),
        models={**models, "potential": campaign.level},
        stages=_stage_times(campaign, survey),
        funnel=tuple(survey.funnel.rows),
        yields=_yields(campaign, survey, ranking),
        ranking=tuple(RankedStructure(**dict(row)) for row in ranking.rows),
        competing=tuple(ranking.competing),
        distances=tuple(ranking.distances),
        failures=tuple(campaign.lost),
        warnings=(*campaign.warnings, *ranking.warnings),
    )


def _yields(campaign: Campaign, survey: Survey, ranking: Ranking) -> tuple[SourceYield, ...]:
    """What each source cost and brought."""
    relaxed = Counter(survey.candidates[key].provenance["source"] for key in survey.relaxed)
    ranked = Counter(origin_source(row.origin) for row in ranking.rows)
    return tuple(
        SourceYield(
            source=source,
            proposed=tally.proposed,
            relaxed=relaxed[source],
            ranked=ranked[source],
            found=tally.found,
            nominal_seconds=round(tally.seconds, 3),
        )
        for source, tally in tallies(survey, found_so_far(campaign, survey)).items()
    )


def _stage_times(campaign: Campaign, survey: Survey) -> tuple[StageTime, ...]:
    """Seconds per stage, added up over all batches, whichever run or campaign did them."""
    keys = {
        proposing.STAGE: [share.key for share in survey.shares],
        screening.STAGE: survey.batches.get(screening.STAGE, []),
        relaxation.STAGE: survey.batches.get(relaxation.STAGE, []),
    }
    return tuple(
        _stage_time(stage, list(campaign.memory.done(found).values()), campaign.campaign_id)
        for stage, found in keys.items()
    )


def _stage_time(stage: str, done: Sequence[Done], campaign_id: str) -> StageTime:
    return StageTime(
        stage=stage,
        seconds=sum(one.seconds for one in done),
        reused=bool(done) and all(one.search_id != campaign_id for one in done),
    )
