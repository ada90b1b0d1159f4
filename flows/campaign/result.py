"""The last stage: what the store holds of a campaign becomes its summary, files and report."""

from __future__ import annotations

from collections.abc import Sequence

from flows.campaign.kept_files import write_kept
from flows.campaign.preflight import READING
from flows.campaign.ranking import rank
from flows.campaign.running import Campaign
from flows.campaign.summarise import summarise
from flows.campaign.survey import Survey
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary, Failure
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    Document,
    RelaxationDocument,
    utc_now,
)


def finish(campaign: Campaign, failures: Sequence[Failure], survey: Survey) -> CampaignSummary:
    """Rank a campaign, write the result into the store and into its folder.

    Args:
        campaign: The campaign, all batches done or failed.
        failures: What was lost on the way.
        survey: Of all rounds.
    """
    document = campaign.document()
    ranked = rank(campaign, survey, document.started)
    document.finished = utc_now()
    summary = summarise(campaign, document, survey, ranked, failures)
    known = interpretations_of(summary.ranking, campaign.store)
    summary = summary.model_copy(update={"interpretations": known})
    lost = [failure for failure in failures if failure.stage != READING]
    document.state = "failed" if lost else "done"
    if campaign.refiner is not None:
        document.state = "running"  # a first answer
    campaign.store.put(_claimed(campaign.campaign_id, survey))
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
    summary = write_kept(campaign.store, summary, campaign.folder)
    document.funnel = [row.model_dump() for row in summary.funnel]
    document.ranking = [
        row.model_dump(mode="json", exclude={"structure", "conventional"})
        for row in summary.ranking
    ]
    document.summary = summary.model_dump(mode="json", exclude={"history"})
    campaign.store.put(document)
    return summary


def _claimed(campaign_id: str, survey: Survey) -> list[Document]:
    """What earlier campaigns made and this one used, with this one among its campaigns."""
    used: list[CandidateDocument | RelaxationDocument] = [
        *survey.candidates.values(),
        *survey.relaxations.values(),
    ]
    return [
        document.model_copy(update={"campaign_ids": [*document.campaign_ids, campaign_id]})
        for document in used
        if campaign_id not in document.campaign_ids
    ]
