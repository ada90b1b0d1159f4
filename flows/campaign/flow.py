"""The campaign on Prefect: order, batches, retries, names, tags and artifacts; no science."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import chain, count
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.utilities.annotations import quote

from dao_core.units import SECONDS_PER_DAY
from flows.campaign import progress, propose, refinement, relaxation, screen
from flows.campaign.artifacts import publish
from flows.campaign.budgets import budgets
from flows.campaign.interpreting.stage import (
    BY_DFT,
    interpret_best,
    lose_kind,
    missing_kinds,
)
from flows.campaign.plan import Share
from flows.campaign.refined_ranking import finish_refined
from flows.campaign.request import CampaignRequest
from flows.campaign.result import finish
from flows.campaign.rounds import plan_round, select
from flows.campaign.running import Campaign
from flows.campaign.survey import Survey, survey_proposed, survey_relaxed, survey_screened
from flows.campaign.tasks import failure_of, on_cluster, run_tasks
from flows.events import candidates_selected
from flows.naming import asked
from flows.report.page import REPORT_FILE
from flows.report.summary import CampaignSummary, Failure, RankedStructure
from flows.retrying import RETRY
from flows.slots import DFT_LIMIT, slot
from flows.tagging import run_tagged
from flows.validation.approval import Decision, decide
from flows.validation.proposal import Proposal, propose_for_dft
from flows.validation.selection import select_for_dft
from flows.validation.stage import check_by_dft, require_programs
from stores.documents import CandidateDocument

Batches = Sequence[Sequence[CandidateDocument]]


def run_name() -> str:
    """Name of a flow run: what it searches."""
    return f"campaign {' '.join(asked('targets'))}"


# A task that takes longer than its timeout hangs: it costs its batches, and the campaign goes on.
@task(name="propose", task_run_name="propose {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def propose_task(campaign: Campaign, batches: Sequence[Sequence[Share]], label: str) -> None:
    """Propose the candidates of some compositions."""
    del label
    propose.propose(campaign, batches)


@task(name="screen", task_run_name="screen {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def screen_task(campaign: Campaign, batches: Batches, label: str) -> None:
    """Evaluate the one-shot energy of some batches of candidates."""
    del label
    screen.screen(campaign, batches)


@task(name="plan", task_run_name="plan {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def plan_task(campaign: Campaign, number: int, survey: Survey, label: str) -> list[Share]:
    """Decide what a round asks of which source, from what the rounds before it found."""
    del label
    return plan_round(campaign, number, survey)


@task(name="select", task_run_name="select {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def select_task(campaign: Campaign, number: int, survey: Survey, label: str) -> None:
    """Choose which screened candidates of a round are relaxed."""
    del label
    select(campaign, number, survey)


@task(name="relax", task_run_name="relax {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def relax_task(
    campaign: Campaign,
    batches: Batches,
    label: str,
    best: Mapping[str, float],
    tiers: Sequence[Sequence[str]],
) -> None:
    """Relax some batches of candidates, to the standard of the tiers before theirs."""
    del label
    relaxation.relax_batches(campaign, batches, best, tiers)


@task(name="rank", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def rank_task(campaign: Campaign, failures: Sequence[Failure], survey: Survey) -> None:
    """Rank what was relaxed, write it back, and publish files, report and artifacts."""
    publish(finish(campaign, failures, survey), campaign.folder)


@task(name="refine", task_run_name="refine {label}", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def refine_task(
    campaign: Campaign, batches: Sequence[Sequence[RankedStructure]], label: str
) -> None:
    """Relax some batches of the shortlist on with the potential that refines."""
    del label
    refinement.refine_batches(campaign, batches)


@task(name="rank refined", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def rank_refined_task(campaign: Campaign, failures: Sequence[Failure]) -> None:
    """Rank what was refined, and publish files, report and artifacts over the first answer."""
    publish(finish_refined(campaign, failures), campaign.folder)


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
        failures = list(running.failures)
        survey = Survey()
        for number in range(len(budgets(request))):
            failures.extend(_round(running, number, survey))
        seen: Any = quote(survey)
        rank_task(running, failures, seen)
        if running.refiner is not None:
            rank_refined_task(running, [*failures, *_refine(running)])
        _interpret(running, by_dft=False)
        decision = _check_by_dft(running)
        if decision is None or decision.approved:
            _interpret(running, by_dft=True)
        _announce(running)
        return running.campaign_id


def _round(running: Campaign, number: int, survey: Survey) -> list[Failure]:
    """One round: plan, propose, screen, select, relax. The survey of earlier rounds grows by it."""
    rounds = budgets(running.request)
    label = f"{number + 1}/{len(rounds)}"
    seen: Any = quote(survey)  # as in tasks.py: Prefect need not look for futures in it
    shares = plan_task(running, number, seen, label)
    failures = _propose(running, shares)
    survey_proposed(survey, running.ledger, shares)
    failures += _screen(running, survey)
    select_task(running, number, seen, label)
    failures += _relax(running, survey, rounds[number].relax)
    survey_relaxed(survey, running.ledger, running.conditions)
    return failures


def _refine(running: Campaign) -> list[Failure]:
    """Refine what is missing of the shortlist, while the first answer stands."""
    first = CampaignSummary.model_validate(running.document().summary)
    news = f"first answer, at level {first.level}: {running.folder / REPORT_FILE}"
    get_run_logger().info(news)
    progress.tell(news)
    missing = refinement.missing_batches(running, refinement.shortlisted(first.ranking))
    progress.begin(refinement.STAGE, sum(map(len, missing)))
    return run_tasks(refine_task, running, missing, refinement.STAGE)


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


def _propose(running: Campaign, shares: Sequence[Share]) -> list[Failure]:
    missing = propose.missing_batches(running, shares)
    progress.begin(propose.STAGE, sum(share.n for batch in missing for share in batch))
    return run_tasks(propose_task, running, missing, propose.STAGE)


def _screen(running: Campaign, survey: Survey) -> list[Failure]:
    batches = screen.screening_batches(survey.unique)
    done = running.ledger.done([screen.batch_key(running.level, batch) for batch in batches])
    missing = [b for b in batches if screen.batch_key(running.level, b) not in done]
    progress.begin(screen.STAGE, sum(map(len, missing)))
    return run_tasks(screen_task, running, missing, screen.STAGE)


def _relax(running: Campaign, survey: Survey, number: int) -> list[Failure]:
    """Relax tier after tier; on a cluster the batches of one tier side by side."""
    best = {formula: lowest.energy for formula, lowest in survey.lowest().items()}
    survey_screened(survey, running.ledger, running.level, number)
    tiers, conditions = relaxation.search_tiers(survey.documents()), running.conditions
    keys = [relaxation.relaxation_keys([*chain(*tier)], conditions) for tier in tiers]
    batches = [*chain(*tiers)]
    done = running.ledger.done([relaxation.batch_key(conditions, batch) for batch in batches])
    parts = [
        [batch for batch in part if relaxation.batch_key(conditions, batch) not in done]
        for part in (tiers if on_cluster() else [batches])
    ]
    progress.begin(relaxation.STAGE, sum(len(batch) for part in parts for batch in part))
    return [
        failure
        for part in parts
        for failure in run_tasks(relax_task, running, part, relaxation.STAGE, best=best, tiers=keys)
    ]
