"""The campaign on Prefect: order, batches, retries, names, tags and artifacts; no science."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from itertools import count

from prefect import flow, get_run_logger, task

from dao_core import progress
from dao_core.search.dft_selection import select_for_dft
from dao_core.search.work import Piece, Work
from dao_core.units import SECONDS_PER_DAY
from flows.campaign import refinement
from flows.campaign.artifacts import publish
from flows.campaign.interpreting.stage import (
    BY_DFT,
    interpret_best,
    lose_kind,
    missing_kinds,
)
from flows.campaign.live import LiveReport
from flows.campaign.refined_ranking import finish_refined
from flows.campaign.request import CampaignRequest
from flows.campaign.result import finish
from flows.campaign.running import Campaign
from flows.campaign.tasks import failure_of, on_cluster, run_tasks
from flows.events import candidates_selected
from flows.naming import asked
from flows.report.file_names import REPORT_FILE
from flows.report.summary import CampaignSummary
from flows.retrying import RETRY
from flows.slots import DFT_LIMIT, slot
from flows.tagging import run_tagged
from flows.validation.approval import Decision, decide
from flows.validation.proposal import Proposal, propose_for_dft
from flows.validation.stage import check_by_dft, require_programs


def run_name() -> str:
    """Name of a flow run: what it searches."""
    return f"campaign {' '.join(asked('targets'))}"


# A task that takes longer than its timeout hangs: it costs its batches, and the campaign goes on.
@task(name="plan", task_run_name="plan {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def plan_task(campaign: Campaign, label: str) -> list[Work]:
    """Decide from what the store holds what is to be done next."""
    del label
    return campaign.ask(in_order=not on_cluster())


@task(timeout_seconds=SECONDS_PER_DAY, **RETRY)
def work_task(campaign: Campaign, works: Sequence[Piece], label: str) -> None:
    """Do some pieces of work of one stage."""
    del label
    for work in works:
        work.do(campaign)


@task(name="rank", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def rank_task(campaign: Campaign) -> None:
    """Rank what was relaxed, write it back, and publish files, report and artifacts."""
    publish(finish(campaign), campaign.folder)


@task(name="rank refined", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def rank_refined_task(campaign: Campaign) -> None:
    """Rank what was refined, and publish files, report and artifacts over the first answer."""
    publish(finish_refined(campaign), campaign.folder)


@task(
    name="interpret", task_run_name="interpret {kind}", timeout_seconds=7 * SECONDS_PER_DAY, **RETRY
)
def interpret_task(campaign: Campaign, kind: str) -> None:
    """Interpret the best in one way, and publish files, report and artifacts again."""
    with slot(DFT_LIMIT) if kind in BY_DFT else nullcontext():
        publish(interpret_best(campaign, kind), campaign.folder)


@task(name="dft", timeout_seconds=7 * SECONDS_PER_DAY, **RETRY)
def dft_task(campaign: Campaign, proposal: Proposal, decision: Decision) -> None:
    """Check the best by DFT, write it back, and publish files, report and artifacts again.

    One task of DFT at a time on one server: each takes the cores that it may have.
    """
    with slot(DFT_LIMIT):
        publish(check_by_dft(campaign, proposal, decision), campaign.folder)


@flow(name="campaign", flow_run_name=run_name, persist_result=False)
def campaign(request: CampaignRequest) -> str:
    """Search a chemical system: propose, screen, relax, rank, and check the best by DFT.

    Each stage asks the store what is missing and does only that, so that a run may be repeated
    or killed at any time. The result is in the store under the returned campaign id.

    Args:
        request: The settings of the campaign; only `targets` is needed, for example `["Mg-O"]`.
    """
    with Campaign(request) as running, run_tagged(running.chemsys):
        require_programs(request)
        get_run_logger().info("campaign %s at level %s", running.campaign_id, running.level)
        running.store.put(running.document())
        live = LiveReport(running)
        while works := plan_task(running, running.label):
            run_tasks(work_task, running, works, after=live.write)
        rank_task(running)
        if running.refiner is not None:
            _refine(running)
            rank_refined_task(running)
        _interpret(running, by_dft=False)
        decision = _check_by_dft(running)
        if decision is None or decision.approved:
            _interpret(running, by_dft=True)
        _announce(running)
        return running.campaign_id


def _refine(running: Campaign) -> None:
    """Refine what is missing of the shortlist, while the first answer stands."""
    first = CampaignSummary.model_validate(running.document().summary)
    news = f"first answer, at level {first.level}: {running.folder / REPORT_FILE}"
    get_run_logger().info(news)
    progress.tell(news)
    works = refinement.missing_work(running, refinement.shortlisted(first.ranking))
    progress.begin(refinement.STAGE, sum(work.items for work in works))
    if works:
        run_tasks(work_task, running, works)


def _check_by_dft(running: Campaign) -> Decision | None:
    """Check batch after batch by DFT, each chosen by what those before it taught.

    Whoever is asked approves all batches, which share one budget.
    """
    decision: Decision | None = None
    for number in count():
        if decision is not None and not decision.approved:
            break
        proposal = propose_for_dft(running, number)
        if proposal is None:
            break
        decision = decision or decide(proposal)
        dft_task(running, proposal, decision)
    return decision


def _interpret(running: Campaign, *, by_dft: bool) -> None:
    """Interpret the best in the ways that are asked for; one that breaks costs itself alone."""
    summary = CampaignSummary.model_validate(running.document().summary)
    for kind in missing_kinds(summary, running.request):
        if (kind in BY_DFT) == by_dft:
            state = interpret_task(running, kind, return_state=True)
            failure = failure_of(state, kind, kind)
            if failure is not None:
                publish(lose_kind(running, failure), running.folder)


def _announce(running: Campaign) -> None:
    """Tell the server which candidates another worker is to check by DFT."""
    if running.request.announce:
        summary = CampaignSummary.model_validate(running.document().summary)
        chosen = select_for_dft(summary.ranking, running.request.announce)
        ids = [row.candidate_id for row in chosen]
        candidates_selected(running.campaign_id, running.chemsys, ids)
