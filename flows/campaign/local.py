"""Running a campaign from here to its end, on the user's Prefect server or one of its own."""

from __future__ import annotations

from pathlib import Path

from dao_core.progress import Listener, listening
from flows.campaign.finished import FinishedCampaign
from flows.campaign.flow import campaign as campaign_flow
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from flows.prefect_api import require_text
from flows.report.summary import read_summary


def run_campaign(request: CampaignRequest, folder: Path, listener: Listener) -> FinishedCampaign:
    """Run what is missing of a campaign and return its result.

    Args:
        request: The settings, checked.
        folder: Where the campaign writes its files.
        listener: Hears of the progress.

    Raises:
        DaoError: Something is missing, or the store is lost on the way.
    """
    require_text(request)
    with prefect_server(), listening(listener):
        campaign_flow(request)
    return FinishedCampaign(read_summary(folder), folder, reused=False)
