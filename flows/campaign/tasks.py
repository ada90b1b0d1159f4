"""Doing a stage's work in tasks: one after the other here, or side by side on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
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
    if on_cluster():
        groups = [[item] for item in items]
        futures = [work.submit(running, group, label, **more) for group, label in _labelled(groups)]
        wait(futures)
        states: list[Any] = [future.state for future in futures]
        found = [_failure(state, stage, label)
                 for state, (_, label) in zip(states, _labelled(groups), strict=True)]  # fmt: skip
    else:
        # Quoted, because Prefect looks for futures in all that a task is given, in every number of
        # every crystal, a millisecond for each crystal.
        found = [
            _failure(work(running, quote(group), label, return_state=True, **more), stage, label)
            for group, label in _labelled(grouped(items))
        ]
    return [failure for failure in found if failure is not None]


def _labelled(groups: list[list[Any]]) -> list[tuple[list[Any], str]]:
    """Each group with its number."""
    return [(group, f"{n}/{len(groups)}") for n, group in enumerate(groups, start=1)]


def _failure(state: object, stage: str, label: str) -> Failure | None:
    """Why a task failed, or None if it did not."""
    ended = cast("State[Any]", state)
    if ended.is_completed():
        return None
    error = ended.result(raise_on_failure=False)
    if isinstance(error, StoreError):
        raise error
    return Failure(item=f"{stage} {label}", stage=stage, reason=str(error))
