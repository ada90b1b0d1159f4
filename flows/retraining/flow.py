"""A round of retraining on Prefect: order, retries, one training at a time, events."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow, get_run_logger, task
from pydantic import BaseModel

from dao_core.training.retraining_outcome import Outcome
from dao_core.units import SECONDS_PER_DAY
from flows.events import model_promoted
from flows.naming import asked
from flows.retraining import rounds, training
from flows.retraining.relaxing_again import relax_again
from flows.retraining.request import RetrainRequest
from flows.retraining.rounds import Round
from flows.retrying import RETRY
from flows.slots import TRAINING_LIMIT, slot
from flows.tagging import run_tagged
from stores import open_store


class RetrainReport(BaseModel):
    """What a round did.

    Attributes:
        level: Level of the labels.
        store: Address of the store.
        manifest_id: The training set.
        counts: Its members by class.
        excluded: What was kept out, by reason.
        new_labels: Labels that no earlier round had.
        taken_up: Whether an earlier run began this round and was broken off.
        moved: Relaxations that the better DAO-P moved.
        outcomes: What became of each model; none where there was nothing to do.
    """

    level: str
    store: str
    manifest_id: str
    counts: dict[str, int]
    excluded: dict[str, int]
    new_labels: int
    taken_up: bool = False
    moved: int = 0
    outcomes: list[Outcome] = []


def run_name() -> str:
    """Name of a flow run: the level that it learns from."""
    return f"retrain {asked('level')}"


@task(name="assemble", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def assemble_task(request: RetrainRequest) -> tuple[RetrainReport, Round | None]:
    """Assemble the training set, and begin a round or take up the one that was broken off.

    There is no round where too few labels are new.
    """
    with open_store(request.store) as store:
        manifest, new = rounds.assemble(store, request)
        if new >= request.min_new_labels:
            this: Round | None = rounds.begin(store, request.level, manifest.manifest_id)
            taken_up = False
        else:
            this = rounds.unfinished(store, request.level)
            taken_up = this is not None
        if this is not None:
            manifest = rounds.manifest_named(store, this.manifest_id)
        report = RetrainReport(
            level=request.level,
            store=store.uri,
            manifest_id=manifest.manifest_id,
            counts=manifest.counts,
            excluded=manifest.excluded,
            new_labels=new,
            taken_up=taken_up,
        )
        return report, this


@task(name="DAO-P", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def predictor_task(request: RetrainRequest, manifest_id: str) -> Outcome:
    """Fine-tune, judge, and promote or reject DAO-P."""
    with slot(TRAINING_LIMIT), open_store(request.store) as store:
        return training.next_predictor(store, request, manifest_id)


@task(name="relax again", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def relax_task(request: RetrainRequest, predictors: Sequence[str]) -> int:
    """Relax further what the better DAO-P would relax differently."""
    with open_store(request.store) as store:
        return relax_again(store, predictors, request.rerelax)


@task(name="DAO-G", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def generator_task(request: RetrainRequest, manifest_id: str) -> Outcome:
    """Continue, judge, and promote or reject DAO-G."""
    with slot(TRAINING_LIMIT), open_store(request.store) as store:
        return training.next_generator(store, request, manifest_id)


@flow(name="retrain", flow_run_name=run_name, persist_result=False)
def retrain(request: RetrainRequest) -> RetrainReport:
    """Train the next pair of models on what the store has learned; let them serve if no worse.

    The training set is audited against all test sets; each model is judged on the hold-out, crystal
    by crystal, against the one that serves; a rejection keeps its reason in the registry. The same
    round again finds everything done, and one that was killed goes on where it was.
    `dao models rollback` goes back.

    Args:
        request: Only `level` must be given: the level of the labels, for example `chgnet-0.3.0`.
    """
    with run_tagged(request.level):
        report, this = assemble_task(request)
        if this is None:
            get_run_logger().info("%d new labels: nothing to do", report.new_labels)
            return report
        predictor = predictor_task(request, this.manifest_id)
        report.moved = relax_task(request, this.predictors)
        report.outcomes = [predictor, generator_task(request, this.manifest_id)]
        for outcome in report.outcomes:
            get_run_logger().info("%s: promoted %s: %s", outcome.kind, outcome.promoted,
                                  outcome.reason)  # fmt: skip
            if outcome.promoted:
                model_promoted(outcome.kind, outcome.model_id)
        with open_store(request.store) as store:
            rounds.end(store, this)
        return report
