"""Doing a stage's work in tasks: one after the other here, or side by side on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar, cast

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from dao_core.search.result import Failure
from dao_core.search.work import Piece
from flows.campaign.running import Campaign
from stores.errors import StoreError

Item = TypeVar("Item")

TASKS_PER_STAGE = 15
"""Of one round. Three stages and four rounds stay under two hundred task runs, however many the
candidates; each costs Prefect some 10 ms."""


def on_cluster() -> bool:
    """Whether the flow run has a task runner that works elsewhere, such as Dask's.

    Prefect's own runs tasks in threads: one batch keeps all cores of a machine busy already, so
    with it tasks are called one after the other, and Ctrl-C ends them.
    """
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, ThreadPoolTaskRunner)


def run_tasks(
    task: Task[..., Any],
    running: Campaign,
    works: Sequence[Piece],
    after: Callable[[], object] = lambda: None,
) -> None:
    """Do pieces of work of one stage in tasks, and tell the search; a failed task costs its own.

    Args:
        task: Takes the campaign, some pieces of work, and a label.
        running: The campaign.
        works: In their order. On a cluster each is a task of its own, elsewhere tasks are few.
        after: Called when a task has ended.

    Raises:
        StoreError: Nothing can be written: no later piece would fare better.
    """
    stage, verb = works[0].stage, works[0].verb
    task = task.with_options(name=verb, task_run_name=f"{verb} {{label}}")
    groups = [[work] for work in works] if on_cluster() else grouped(works)
    labels = [f"{number}/{len(groups)}" for number in range(1, len(groups) + 1)]
    for group, label, state in zip(
        groups, labels, _states(task, running, groups, labels), strict=True
    ):
        failure = failure_of(state, f"{stage} {label}", stage)
        for work in group:
            running.tell(work)
        if failure is not None:
            running.lost.append(failure)
        after()


def _states(
    task: Task[..., Any],
    running: Campaign,
    groups: Sequence[Sequence[Piece]],
    labels: Sequence[str],
) -> Iterator[object]:
    """The last state of the task of each group: side by side on a cluster, else in turn."""
    parts = list(zip(groups, labels, strict=True))
    if on_cluster():
        futures = [task.submit(running, group, label) for group, label in parts]
        wait(futures)
        yield from (future.state for future in futures)
    else:
        # Quoted, because Prefect looks for futures in all that a task is given.
        yield from (task(running, quote(group), label, return_state=True) for group, label in parts)


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


def grouped(items: Sequence[Item], at_most: int = TASKS_PER_STAGE) -> list[list[Item]]:
    """Divide items into at most ``at_most`` consecutive groups of nearly equal length."""
    count = min(at_most, len(items))
    edges = [len(items) * i // count for i in range(count + 1)] if count else []
    return [list(items[low:high]) for low, high in pairwise(edges)]
