"""Doing a stage's work in tasks: one after the other here, or side by side on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.campaign.batches import grouped
from flows.campaign.running import Campaign
from flows.report.summary import Failure
from stores.errors import StoreError


def on_cluster() -> bool:
    """Whether the flow run has a task runner that works elsewhere, such as Dask's.

    Prefect's own runs tasks in threads: one batch keeps all cores of a machine busy already, so
    with it tasks are called one after the other, and Ctrl-C ends them.
    """
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, ThreadPoolTaskRunner)


def run_tasks(
    work: Task[..., Any], running: Campaign, items: Sequence[Any], stage: str, **more: Any
) -> list[Failure]:
    """Do items of work that do not need each other; a failed task costs its items alone.

    Args:
        work: Takes the campaign, some items, a label, and ``more``.
        running: The campaign.
        items: In their order. On a cluster each is a task of its own, elsewhere tasks are few.
        stage: The stage that they belong to.
        more: The same for all tasks.

    Raises:
        StoreError: Nothing can be written: no later item would fare better.
    """
    groups = [[item] for item in items] if on_cluster() else grouped(items)
    labels = [f"{number}/{len(groups)}" for number in range(1, len(groups) + 1)]
    parts = list(zip(groups, labels, strict=True))
    if on_cluster():
        futures = [work.submit(running, group, label, **more) for group, label in parts]
        wait(futures)
        states: Iterable[Any] = [future.state for future in futures]
    else:
        # Quoted, because Prefect looks for futures in all that a task is given, in every number of
        # every crystal, a millisecond for each crystal.
        states = (
            work(running, quote(group), label, return_state=True, **more) for group, label in parts
        )
    found = [
        failure_of(state, f"{stage} {label}", stage)
        for state, label in zip(states, labels, strict=True)
    ]
    return [failure for failure in found if failure is not None]


def failure_of(state: object, item: str, stage: str) -> Failure | None:
    """Why a task failed, or None if it did not.

    Args:
        state: Its last state.
        item: What it was about.
        stage: The stage that it belongs to.

    Raises:
        StoreError: It failed because nothing can be written.
    """
    ended = cast("State[Any]", state)
    if ended.is_completed():
        return None
    error = ended.result(raise_on_failure=False)
    if isinstance(error, StoreError):
        raise error
    return Failure(item=item, stage=stage, reason=str(error))
