"""The last stage: what the store holds of a campaign becomes its summary, files and report."""

from __future__ import annotations

from dao_core.search.preflight import READING
from dao_core.search.ranking import rank
from flows.campaign.doubting import doubted
from flows.campaign.kept_files import write_kept
from flows.campaign.running import Campaign
from flows.campaign.summarise import summarise
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    RelaxationDocument,
    utc_now,
)


def finish(campaign: Campaign) -> CampaignSummary:
    """Rank a campaign, write the result into the store and into its folder.

    Args:
        campaign: The campaign, all batches done or failed.
    """
    document = campaign.document()
    ranked = rank(campaign, campaign.survey)
    document.finished = utc_now()
    summary = summarise(campaign, document, ranked, campaign.survey)
    known = interpretations_of(summary.ranking, campaign.store)
    summary = summary.model_copy(update={"interpretations": known})
    lost = [failure for failure in campaign.lost if failure.stage != READING]
    document.state = "failed" if lost else "done"
    if campaign.refiner is not None:
        document.state = "running"  # a first answer
    _claim(campaign)
    return write_result(campaign, summary, document)


def write_result(
    campaign: Campaign, summary: CampaignSummary, document: CampaignDocument
) -> CampaignSummary:
    """Files first, the store last: what the store says of a campaign is whole.

    Args:
        campaign: The campaign.
        summary: Its result.
        document: What the store knows of it; the result is put into it.

    Returns:
        The summary as it was written.
    """
    ranking = tuple(doubted(campaign, summary.ranking, summary.level))
    summary = summary.model_copy(update={"ranking": ranking})
    live = "refining the best" if document.state == "running" else None
    summary = write_kept(campaign.store, summary, campaign.folder, live=live)
    document.funnel = [row.model_dump() for row in summary.funnel]
    document.ranking = [
        row.model_dump(mode="json", exclude={"structure", "conventional"})
        for row in summary.ranking
    ]
    document.summary = summary.model_dump(mode="json", exclude={"history"})
    campaign.store.put(document)
    return summary


def _claim(campaign: Campaign) -> None:
    """What earlier campaigns made and this one used has this one among its campaigns."""
    relaxed = [one.relaxation_id for one in campaign.survey.relaxations.values()]
    used: list[tuple[type[CandidateDocument | RelaxationDocument], list[str]]] = [
        (CandidateDocument, list(campaign.survey.candidates)),
        (RelaxationDocument, relaxed),
    ]
    for kind, ids in used:
        others = {kind.key: {"$in": ids}, "campaign_ids": {"$ne": campaign.campaign_id}}
        campaign.store.put(
            one.model_copy(update={"campaign_ids": [*one.campaign_ids, campaign.campaign_id]})
            for one in campaign.store.find(kind, others)
        )
