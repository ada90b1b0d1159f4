"""A campaign as the store remembers it, and its files written again."""

from __future__ import annotations

from pathlib import Path

from dao_core.errors import InputError
from flows.campaign.files import default_folder
from flows.campaign.finished import FinishedCampaign
from flows.campaign.kept_files import are_as_written, write_kept, write_live
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary
from stores import DaoStore, open_store
from stores.documents import CampaignDocument


def found_done(document: CampaignDocument, folder: Path, store: DaoStore) -> FinishedCampaign:
    """The stored result; files that are missing in the folder, or damaged, are written again."""
    summary = CampaignSummary.model_validate(document.summary)
    if not are_as_written(store, summary.campaign_id, folder):
        write_kept(store, summary, folder)
    return FinishedCampaign(summary, folder, reused=True)


def interpreted(document: CampaignDocument | None, store: DaoStore) -> CampaignSummary | None:
    """The result of a campaign with all that is known of its structures by now, if it has one."""
    if document is None or not document.summary:
        return None
    summary = CampaignSummary.model_validate(document.summary)
    found = interpretations_of(summary.ranking, store)
    return summary.model_copy(update={"interpretations": found})


def write_stored(campaign_id: str, folder: Path | None, store: str | None) -> FinishedCampaign:
    """Write files and report of a campaign again; of one that still searches, the report alone.

    Args:
        campaign_id: Its id.
        folder: Where to write; None is the default folder.
        store: URI of the store; None is the embedded one.

    Raises:
        InputError: The store has no such campaign, or nothing of it to show.
    """
    with open_store(store) as opened:
        document = opened.get(CampaignDocument, campaign_id)
        known = sorted(
            found["campaign_id"] for found in opened.campaigns.query({}, ["campaign_id"])
        )
        if document is None:
            names = ", ".join(known) or "none"
            raise InputError(f"no campaign {campaign_id} in {opened.uri}; it has {names}")
        summary = interpreted(document, opened)
        if summary is None:
            raise InputError(
                f"{campaign_id} has relaxed nothing yet: ask again later, or run its command again"
            )
        folder = folder or default_folder(campaign_id)
        if document.finished is None:
            write_live(opened, summary, folder)
        else:
            write_kept(opened, summary, folder)
    return FinishedCampaign(summary, folder, reused=True)
