"""Before the flows run on a Prefect server: pools, queues, limits, automations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from flows.slots import LIMITS, make_limit
from flows.stale_runs import HEARTBEAT
from flows.sweep import PRIORITIES

POOLS = {"cpu": 2, "gpu": 1, "dft": 1}
"""Work pools by resource, with the number of flow runs at once that they begin with."""
ZOMBIES = "dao: a run without heartbeat has crashed"
HEARTBEATS_MISSED = timedelta(minutes=10)
"""Prefect sends one every three minutes unless PREFECT_FLOWS_HEARTBEAT_FREQUENCY differs."""
ENDS = ("Completed", "Failed", "Cancelled", "Crashed")
NOT_BEGUN = "dao: a run that its worker did not begin is scheduled again"


@dataclass(frozen=True)
class Bootstrap:
    """What was made and what was there already, by name."""

    made: tuple[str, ...]
    kept: tuple[str, ...]


def bootstrap(silence: timedelta = HEARTBEATS_MISSED) -> Bootstrap:
    """Make what is missing on the server; what exists is left as its owner has set it.

    Args:
        silence: After which a run without a sign of life is given up.

    Returns:
        What was made.
    """
    with get_client(sync_client=True) as client:
        done = {
            **{f"pool {name}": _pool(client, name, size) for name, size in POOLS.items()},
            **{f"limit {name}": make_limit(client, name) for name in LIMITS},
            f"automation {ZOMBIES}": _automation(client, zombie_automation(silence)),
            f"automation {NOT_BEGUN}": _automation(client, not_begun_automation(silence)),
        }
    made = tuple(name for name, is_new in done.items() if is_new)
    return Bootstrap(made, tuple(name for name in done if name not in made))


def zombie_automation(silence: timedelta) -> AutomationCore:
    """Mark a run as crashed whose heartbeat has not come for ``silence``."""
    return AutomationCore(
        name=ZOMBIES,
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *_states(*ENDS)},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="its heartbeat is lost")],
    )


def not_begun_automation(silence: timedelta) -> AutomationCore:
    """Schedule a run again that a worker took and did not begin within ``silence``.

    A worker that dies between the two would leave it pending for good, and with it a place of the
    work pool. Of deployments alone: other runs are pending in the process that began them.
    """
    return AutomationCore(
        name=NOT_BEGUN,
        trigger=EventTrigger(
            after=_states("Pending", "Submitting"),
            expect=_states("Running", "Scheduled", "Cancelling", *ENDS),
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            match_related={"prefect.resource.role": ["work-pool"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.SCHEDULED, message="its worker did not begin it", force=True
            )
        ],
    )


def _states(*names: str) -> set[str]:
    """The events by which Prefect tells that a run has come into one of these states."""
    return {f"prefect.flow-run.{name}" for name in names}


def _pool(client: SyncPrefectClient, name: str, size: int) -> bool:
    """Make a work pool with a queue per priority, unless it exists; whether it was made."""
    try:
        client.read_work_pool(name)
        is_new = False
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=name, type="process", concurrency_limit=size))
        is_new = True
    queues = {queue.name for queue in client.read_work_queues(work_pool_name=name)}
    for rank, priority in enumerate(PRIORITIES, start=1):
        if priority not in queues:
            client.create_work_queue(name=priority, work_pool_name=name, priority=rank)
    return is_new


def _automation(client: SyncPrefectClient, automation: AutomationCore) -> bool:
    if client.read_automations_by_name(automation.name):
        return False
    client.create_automation(automation)
    return True
