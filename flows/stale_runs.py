"""Runs that Prefect shows as running although their process is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

HEARTBEAT = "prefect.flow-run.heartbeat"


def mark_stale_runs(silence: timedelta) -> list[str]:
    """Mark every running flow run without a recent sign of life as crashed.

    The automation of ``dao setup`` does so as soon as a heartbeat fails to come; this repairs what
    happened while the server was away. Started by a flow run, it leaves that run alone.

    Args:
        silence: How old the last sign of life may be.

    Returns:
        The names of the runs.
    """
    running = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
    )
    with get_client(sync_client=True) as client:
        now = datetime.now(UTC)
        stale = [
            run
            for run in client.read_flow_runs(flow_run_filter=running)
            if str(run.id) != flow_run.get_id() and now - _last_sign(client, run) > silence
        ]
        for run in stale:
            message = f"no sign of life for {silence}; what is done is in the store: run it again"
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    return [run.name for run in stale]


def _last_sign(client: SyncPrefectClient, run: FlowRun) -> datetime:
    """The latest heartbeat of a run, or the time at which it started."""
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
