"""Campaigns again whose models have been replaced since."""

from __future__ import annotations

from prefect import flow, get_run_logger
from pydantic import ValidationError

from flows.campaign.history import PATIENCE, history_of
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.store_address import StoreAddress
from flows.sweep import QueuedCampaign, SweepRequest, SweptCampaign, sweep
from stores import open_store
from stores.documents import CampaignDocument


@flow(name="renewal", flow_run_name="renewal", persist_result=False)
def renewal(
    store: StoreAddress | None = None,
    at_most: int = 20,
    patience: int = PATIENCE,
    core_hours: float | None = None,
) -> list[SweptCampaign]:
    """Run finished campaigns again whose models no longer serve, the latest first.

    Everything that does not depend on the replaced model is found done. A chemical system is left
    alone when its last campaigns found nothing new on the hull, or its DFT has cost enough.

    Args:
        store: URI of the store; None is the default one.
        at_most: How many campaigns.
        patience: After so many campaigns without a new phase on the hull a system is finished.
        core_hours: A system whose DFT has cost so much is finished too; None for no limit.
    """
    outdated = outdated_campaigns(store, patience, core_hours)[:at_most]
    get_run_logger().info("%d campaigns have new models", len(outdated))
    if not outdated:
        return []
    queued = tuple(QueuedCampaign(request=request, priority="low") for request in outdated)
    return sweep(SweepRequest(campaigns=queued))


def outdated_campaigns(
    store: str | None, patience: int = PATIENCE, core_hours: float | None = None
) -> list[CampaignRequest]:
    """Finished campaigns that the same request would not find done, because its models changed.

    Args:
        store: URI of the store; None is the default one.
        patience: See :func:`renewal`.
        core_hours: See :func:`renewal`.
    """
    with open_store(store) as opened:
        done = list(opened.find(CampaignDocument, {"state": "done"}, sort={"finished": -1}))
        finished = {
            chemsys
            for chemsys in {document.chemsys for document in done}
            if history_of(opened, chemsys, patience, core_hours).stop_reason
        }
    done = [document for document in done if document.chemsys not in finished]
    requests: dict[CampaignRequest, set[str]] = {}
    for document in done:
        request = _request_of(document, store)
        if request is not None:
            requests.setdefault(request, set()).add(document.campaign_id)
    return [request for request, known in requests.items() if _id_now(request) not in known]


def _id_now(request: CampaignRequest) -> str:
    with Campaign(request) as campaign:
        return campaign.campaign_id


def _request_of(document: CampaignDocument, store: str | None) -> CampaignRequest | None:
    """The request behind a campaign; None where it asked for what the store does not keep."""
    settings = document.summary.get("request", {})
    try:
        request = CampaignRequest.model_validate({**settings, "store": store, "force": True})
    except ValidationError:  # own structures only: their files are not in the store
        return None
    return request
