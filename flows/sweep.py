"""Many campaigns from one queue, the most wanted first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from dao_core.errors import DaoError
from dao_core.forms import FORM
from dao_core.hashing import content_id
from dao_core.search.target import parse_target
from flows.campaign.flow import campaign
from flows.campaign.request import CampaignRequest
from flows.naming import asked
from stores.errors import StoreError

Priority = Literal["high", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
"""Also the names of the queues of every work pool, see ``flows/orchestration.py``."""
DEPLOYMENT = "campaign/campaign"


class QueuedCampaign(BaseModel):
    """One campaign in the queue of a sweep.

    Attributes:
        request: Its settings.
        priority: Campaigns of high priority come first, those of low priority last.
    """

    model_config = FORM

    request: CampaignRequest
    priority: Priority = "normal"


class SweepRequest(BaseModel):
    """The campaigns of one sweep.

    Attributes:
        campaigns: In any order; equal priorities keep theirs.
        where: ``here`` runs them one after the other in this run; ``pool`` sends them to the
            workers of the work pool of the deployment ``campaign``, and does not wait.
    """

    model_config = FORM

    campaigns: tuple[QueuedCampaign, ...] = Field(min_length=1)
    where: Literal["here", "pool"] = "here"


class SweptCampaign(BaseModel):
    """What became of one campaign of a sweep.

    Attributes:
        targets: What it searches.
        campaign_id: Id in the store of a campaign that ended here.
        flow_run_id: Run of a campaign that was sent to a work pool.
        error: Why it could not run.
    """

    targets: tuple[str, ...]
    campaign_id: str | None = None
    flow_run_id: str | None = None
    error: str | None = None


def run_name() -> str:
    """Name of a flow run: how many campaigns it has."""
    return f"sweep of {len(asked('campaigns'))}"


@flow(name="sweep", flow_run_name=run_name, persist_result=False)
def sweep(request: SweepRequest) -> list[SweptCampaign]:
    """Search many chemical systems, the most wanted first.

    A campaign that fails costs only itself; only a lost store ends the sweep. The same sweep
    again does what is missing.

    Args:
        request: The campaigns and their priorities.
    """
    queue = in_order(request.campaigns)
    swept = [_send(one) if request.where == "pool" else _run(one) for one in queue]
    failed = [one for one in swept if one.error]
    get_run_logger().info("%d campaigns, %d failed", len(swept), len(failed))
    return swept


def in_order(campaigns: Sequence[QueuedCampaign]) -> list[QueuedCampaign]:
    """The queue: by priority, then as given."""
    return sorted(campaigns, key=lambda one: PRIORITIES.index(one.priority))


def _run(queued: QueuedCampaign) -> SweptCampaign:
    """Run a campaign as a subflow.

    Raises:
        StoreError: Nothing can be written: no later campaign would fare better.
    """
    state = cast("State[Any]", campaign(queued.request, return_state=True))
    targets = queued.request.targets
    if state.is_completed():
        return SweptCampaign(targets=targets, campaign_id=state.result())
    error = state.result(raise_on_failure=False)
    if isinstance(error, StoreError) or not isinstance(error, Exception):
        state.result()
    if not isinstance(error, DaoError):
        get_run_logger().error("campaign %s failed", " ".join(targets), exc_info=error)
    return SweptCampaign(targets=targets, error=f"{type(error).__name__}: {error}")


def _send(queued: QueuedCampaign) -> SweptCampaign:
    """Send a campaign to a work pool; one that was sent before by this run is not sent twice."""
    settings = queued.request.model_dump(mode="json")
    run: Any = run_deployment(
        DEPLOYMENT,
        parameters={"request": settings},
        timeout=0,
        idempotency_key=f"{flow_run.get_id()}-{content_id('k', settings)}",
        work_queue_name=queued.priority,
        tags=[parse_target(queued.request.targets).chemsys],
    )
    return SweptCampaign(targets=queued.request.targets, flow_run_id=str(run.id))
