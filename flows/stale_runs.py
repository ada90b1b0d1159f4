"""Runs that Prefect shows as running, or about to run, although nobody is at work on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.runtime import flow_run
from prefect.states import Crashed, Scheduled

HEARTBEAT = "prefect.flow-run.heartbeat"


def mark_stale_runs(silence: timedelta) -> list[str]:
    """Mark every running flow run without a recent sign of life as crashed.

    A run that a worker took and did not begin, because the worker died between the two, is
    scheduled again: until then it holds a place of its work pool. A run of no deployment has no
    worker that would take it again: it is marked as crashed, too.

    The automations of ``dao setup`` do both as soon as a sign fails to come; this repairs what
    happened while the server was away. Started by a flow run, it leaves that run alone.

    Args:
        silence: How old the last sign of life may be.

    Returns:
        The names of the runs.
    """
    held = FlowRunFilter(
        state=FlowRunFilterState(
            type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])
        )
    )
    with get_client(sync_client=True) as client:
        now = datetime.now(UTC)
        stale = [
            run
            for run in client.read_flow_runs(flow_run_filter=held)
            if str(run.id) != flow_run.get_id() and now - _last_sign(client, run) > silence
        ]
        for run in stale:
            client.set_flow_run_state(run.id, _state_after(run, silence), force=True)
    return [run.name for run in stale]


def _state_after(run: FlowRun, silence: timedelta) -> State:
    if run.state is not None and run.state.is_pending() and run.deployment_id is not None:
        return Scheduled(message=f"its worker did not begin it within {silence}")
    message = f"no sign of life for {silence}; what is done is in the store: run it again"
    return Crashed(message=message)


def _last_sign(client: SyncPrefectClient, run: FlowRun) -> datetime:
    """The latest heartbeat of a run, or the time at which it started or was taken."""
    if run.state is not None and run.state.is_pending():
        return run.state.timestamp
    started = run.start_time or run.expected_start_time or datetime.now(UTC)
    answer = client.request(
        "POST",
        "/events/filter",
        json={
            "filter": {
                "event": {"name": [HEARTBEAT]},
                "resource": {"id": [f"prefect.flow-run.{run.id}"]},
                "occurred": {"since": started.isoformat()},
                "order": "DESC",
            },
            "limit": 1,
        },
    )
    found = answer.json()["events"]
    return max(started, datetime.fromisoformat(found[0]["occurred"])) if found else started
