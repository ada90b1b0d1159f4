"""Running a campaign from here to its end: find it done, or put it on Prefect."""

from __future__ import annotations

from prefect import tags

from flows.campaign.flow import campaign as campaign_flow
from flows.campaign.preflight import check_output_folder
from flows.campaign.progress import Listener, listening
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.campaign.server import prefect_server
from flows.campaign.stored import FinishedCampaign, found_done
from flows.report.summary import read_summary


def run_campaign(request: CampaignRequest, listener: Listener) -> FinishedCampaign:
    """Run what is missing of a campaign and return its result.

    Args:
        request: The settings.
        listener: Hears of the progress.

    Raises:
        DaoError: The request is wrong, something is missing, or the store is lost on the way.
    """
    with Campaign(request) as prepared:
        folder, chemsys = prepared.folder, prepared.chemsys
        check_output_folder(folder)
        document = prepared.document()
        if document.state == "done":
            return found_done(document, folder)
    with prefect_server(), listening(listener), tags(chemsys):
        campaign_flow(request)
    return FinishedCampaign(read_summary(folder), folder, reused=False)
