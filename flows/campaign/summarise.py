"""The summary of a campaign: from what the store holds to the one document of the report."""

from __future__ import annotations

from collections.abc import Sequence

from flows.campaign import propose, relaxation, screen
from flows.campaign.ranking import Ranking
from flows.campaign.running import Campaign
from flows.campaign.survey import Survey
from flows.report.summary import CampaignSummary, Failure, StageTime
from flows.versions import versions
from stores.documents import CampaignDocument, EventDocument


def summarise(
    campaign: Campaign,
    document: CampaignDocument,
    survey: Survey,
    ranking: Ranking,
    failures: Sequence[Failure],
) -> CampaignSummary:
    """Put together what is known of a campaign.

    Args:
        campaign: The campaign.
        document: What the store knows of it, ``finished`` set.
        survey: What became of its candidates.
        ranking: The ranked structures.
        failures: What was lost.
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
        ranking=tuple(ranking.rows),
        competing=tuple(ranking.competing),
        failures=tuple(failures),
        warnings=(*campaign.warnings, *ranking.warnings),
    )


def _stage_times(campaign: Campaign, survey: Survey) -> tuple[StageTime, ...]:
    """Seconds per stage, added up over all batches, whichever run or campaign did them."""
    level = campaign.level
    keys = {
        propose.STAGE: [share.key for share in campaign.shares],
        screen.STAGE: [
            screen.batch_key(level, batch) for batch in screen.screening_batches(survey.unique)
        ],
        relaxation.STAGE: [
            relaxation.batch_key(level, batch)
            for batch in relaxation.relaxation_batches(survey.selected)
        ],
    }
    return tuple(
        _stage_time(stage, list(campaign.ledger.done(found).values()), campaign.campaign_id)
        for stage, found in keys.items()
    )


def _stage_time(stage: str, events: Sequence[EventDocument], campaign_id: str) -> StageTime:
    return StageTime(
        stage=stage,
        seconds=sum(event.detail["seconds"] for event in events),
        reused=bool(events) and all(event.campaign_id != campaign_id for event in events),
    )
