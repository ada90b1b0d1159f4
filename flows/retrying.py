"""Which errors of a task are worth another attempt, and how long to wait for it."""

from __future__ import annotations

from typing import Any

from httpx import TransportError
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.task_engine import TaskRunTimeoutError
from prefect.tasks import exponential_backoff

from stores.errors import StoreBusyError, StoreUnreachableError

CAN_PASS = (
    StoreBusyError,
    StoreUnreachableError,
    TransportError,  # a Prefect server that restarts
    ConnectionError,
    TimeoutError,
)
"""Errors that waiting may cure; any other comes back the same however often it is tried."""


def can_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is worth another attempt. One that hung for a day would hang again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, CAN_PASS) and not isinstance(error, TaskRunTimeoutError)


RETRY: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_condition_fn": can_pass,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""Settings of every task: the store knows what is done, so Prefect keeps no results."""
