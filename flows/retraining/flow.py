"""A round of retraining on Prefect: order, retries, one training at a time, events."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger, task
from prefect.concurrency.sync import concurrency
from prefect.runtime import flow_run
from pydantic import BaseModel

from flows.events import model_promoted
from flows.orchestration import TRAINING_LIMIT
from flows.retraining import rounds
from flows.retraining.request import RetrainRequest
from flows.retraining.rounds import Outcome
from flows.retrying import RETRY
from flows.tagging import run_tagged
from stores import open_store

DAY = 24 * 3600


class RetrainReport(BaseModel):
    """What a round did.

    Attributes:
        level: Level of the labels.
        store: Address of the store.
        manifest_id: The training set.
        counts: Its members by class.
        excluded: What was kept out, by reason.
        new_labels: Labels that no earlier round had.
        moved: Relaxations that the better DAO-P moved.
        outcomes: What became of each model; none where there were too few new labels.
    """

    level: str
    store: str
    manifest_id: str
    counts: dict[str, int]
    excluded: dict[str, int]
    new_labels: int
    moved: int = 0
    outcomes: list[Outcome] = []


def run_name() -> str:
    """Name of a flow run: the level that it learns from."""
    request: Any = flow_run.get_parameters()["request"]
    level = request.level if isinstance(request, RetrainRequest) else request["level"]
    return f"retrain {level}"


@task(name="assemble", **RETRY)
def assemble_task(request: RetrainRequest) -> RetrainReport:
    """Assemble the training set and count what is new in it."""
    with open_store(request.store) as store:
        manifest, new = rounds.assemble(store, request)
        return RetrainReport(
            level=request.level,
            store=store.uri,
            manifest_id=manifest.manifest_id,
            counts=manifest.counts,
            excluded=manifest.excluded,
            new_labels=new,
        )


@task(name="DAO-P", timeout_seconds=DAY, **RETRY)
def predictor_task(request: RetrainRequest, manifest_id: str) -> Outcome:
    """Fine-tune, judge, and promote or reject DAO-P."""
    with concurrency(TRAINING_LIMIT, strict=True), open_store(request.store) as store:
        return rounds.next_predictor(store, request, manifest_id)


@task(name="relax again", timeout_seconds=DAY, **RETRY)
def relax_task(request: RetrainRequest, before: str, after: str) -> int:
    """Relax further what the better DAO-P would relax differently."""
    with open_store(request.store) as store:
        return rounds.relax_again(store, request, before, after)


@task(name="DAO-G", timeout_seconds=DAY, **RETRY)
def generator_task(request: RetrainRequest, manifest_id: str) -> Outcome:
    """Continue, judge, and promote or reject DAO-G."""
    with concurrency(TRAINING_LIMIT, strict=True), open_store(request.store) as store:
        return rounds.next_generator(store, request, manifest_id)


@flow(name="retrain", flow_run_name=run_name, persist_result=False)
def retrain(request: RetrainRequest) -> RetrainReport:
    """Train the next pair of models on what the store has learned; let them serve if no worse.

    The training set is audited against all test sets; each model is judged on the hold-out, crystal
    by crystal, against the one that serves; a rejection keeps its reason in the registry. The same
    round again finds everything done. `dao models rollback` goes back.

    Args:
        request: Only `level` must be given: the level of the labels, for example `chgnet-0.3.0`.
    """
    with run_tagged(request.level):
        report = assemble_task(request)
        if report.new_labels < request.min_new_labels:
            get_run_logger().info("%d new labels: nothing to do", report.new_labels)
            return report
        with open_store(request.store) as store:
            before = rounds.serving_or_shipped(store, "predictor").id
        predictor = predictor_task(request, report.manifest_id)
        report.moved = relax_task(request, before, predictor.model_id)
        report.outcomes = [predictor, generator_task(request, report.manifest_id)]
        for outcome in report.outcomes:
            get_run_logger().info("%s: promoted %s: %s", outcome.kind, outcome.promoted,
                                  outcome.reason)  # fmt: skip
            if outcome.promoted:
                model_promoted(outcome.kind, outcome.model_id)
        return report
