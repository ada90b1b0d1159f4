"""The campaign on Prefect: order, batches, retries, names, tags and artifacts; no science."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from prefect import Task, flow, get_run_logger, tags, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from flows.campaign import progress, propose, relaxation, screen
from flows.campaign.artifacts import publish
from flows.campaign.batches import grouped
from flows.campaign.plan import Share
from flows.campaign.request import CampaignRequest
from flows.campaign.result import finish
from flows.campaign.running import Campaign
from flows.campaign.survey import survey_proposed, survey_screened
from flows.report.summary import Failure
from stores.documents import CandidateDocument
from stores.errors import StoreBusyError, StoreError, StoreUnreachableError

CAN_PASS = (StoreBusyError, StoreUnreachableError, ConnectionError, TimeoutError)
"""Errors that waiting may cure; any other comes back the same however often it is tried."""

Batches = Sequence[Sequence[CandidateDocument]]


def can_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is worth another attempt."""
    return isinstance(state.result(raise_on_failure=False), CAN_PASS)


def run_name() -> str:
    """Name of a flow run: what it searches."""
    request = flow_run.get_parameters()["request"]
    targets = request.targets if isinstance(request, CampaignRequest) else request["targets"]
    return f"campaign {' '.join(targets)}"


RETRY: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_condition_fn": can_pass,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


@task(name="propose", task_run_name="propose {label}", **RETRY)
def propose_task(campaign: Campaign, shares: Sequence[Share], label: str) -> None:
    """Propose the candidates of some compositions."""
    del label
    propose.propose(campaign, shares)


@task(name="screen", task_run_name="screen {label}", **RETRY)
def screen_task(campaign: Campaign, batches: Batches, label: str) -> None:
    """Evaluate the one-shot energy of some batches of candidates."""
    del label
    screen.screen(campaign, batches)


@task(name="relax", task_run_name="relax {label}", **RETRY)
def relax_task(campaign: Campaign, batches: Batches, label: str) -> None:
    """Relax some batches of candidates."""
    del label
    relaxation.relax_batches(campaign, batches)


@task(name="rank", **RETRY)
def rank_task(campaign: Campaign, failures: Sequence[Failure]) -> None:
    """Rank what was relaxed, write it back, and publish files, report and artifacts."""
    publish(finish(campaign, failures))


@flow(name="campaign", flow_run_name=run_name, persist_result=False)
def campaign(request: CampaignRequest) -> str:
    """Search a chemical system: propose, screen, relax and rank candidate structures.

    Each stage asks the store what is missing and does only that, so that a run may be repeated
    or killed at any time. The result is in the store under the returned campaign id.

    Args:
        request: The settings of the campaign; only `targets` is needed, for example `["Mg-O"]`.
    """
    with Campaign(request) as running, tags(running.chemsys):
        get_run_logger().info("campaign %s at level %s", running.campaign_id, running.level)
        running.store.put(running.document())
        failures = [*running.failures, *_propose(running), *_screen(running), *_relax(running)]
        rank_task(running, failures)
        return running.campaign_id


def _propose(running: Campaign) -> list[Failure]:
    shares = propose.missing_shares(running)
    progress.begin(propose.STAGE, sum(share.n for share in shares))
    return _run(propose_task, running, shares, propose.STAGE)


def _screen(running: Campaign) -> list[Failure]:
    survey = survey_proposed(running.ledger, running.shares)
    batches = screen.screening_batches(survey.unique)
    done = running.ledger.done([screen.batch_key(running.level, batch) for batch in batches])
    missing = [b for b in batches if screen.batch_key(running.level, b) not in done]
    progress.begin(screen.STAGE, sum(map(len, missing)))
    return _run(screen_task, running, missing, screen.STAGE)


def _relax(running: Campaign) -> list[Failure]:
    survey = survey_proposed(running.ledger, running.shares)
    survey_screened(survey, running.ledger, running.level, running.request.relax)
    batches = relaxation.relaxation_batches(survey.selected)
    done = running.ledger.done([relaxation.batch_key(running.level, batch) for batch in batches])
    missing = [b for b in batches if relaxation.batch_key(running.level, b) not in done]
    progress.begin(relaxation.STAGE, sum(map(len, missing)))
    return _run(relax_task, running, missing, relaxation.STAGE)


def _run(
    work: Task[..., Any], running: Campaign, items: Sequence[Any], stage: str
) -> list[Failure]:
    """Do items in tasks one after the other; a failed task costs its batches, not the campaign."""
    failures = []
    groups = grouped(items)
    for number, group in enumerate(groups, start=1):
        label = f"{number}/{len(groups)}"
        state = cast("State[Any]", work(running, group, label, return_state=True))
        error = state.result(raise_on_failure=False) if state.is_failed() else None
        if isinstance(error, StoreError):
            raise error  # nothing can be written: no later batch would fare better
        if error is not None:
            failures.append(Failure(item=f"{stage} {label}", stage=stage, reason=str(error)))
    return failures
