"""Events start flows, on a real Prefect server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events import emit_event
from prefect.states import Pending, Running

from flows.events import candidates_selected, labels_added, model_promoted
from flows.orchestration import not_begun_automation, zombie_automation
from flows.stale_runs import HEARTBEAT


@flow(name="victim")
def victim() -> None:
    """Stands for a run whose worker was killed."""


def runs_of(server: Any, deployment: str) -> list[dict[str, Any]]:
    body = {"deployments": {"name": {"any_": [deployment]}}}
    return list(server.ask("/flow_runs/filter", **body))


@pytest.mark.slow
def test_selected_candidates_start_validate_with_their_ids(deployed: Any) -> None:
    candidates_selected("Mg-O-1", "Mg-O", ["c-1", "c-2"])
    (run,) = deployed.wait_for(lambda: runs_of(deployed, "validate"), "a run of validate")
    assert run["parameters"]["request"]["crystals"] == ["c-1", "c-2"]
    assert run["work_queue_name"] == "normal"


@pytest.mark.slow
def test_only_as_many_labels_as_asked_for_start_retrain(deployed: Any) -> None:
    labels_added("level-a", 49)
    labels_added("level-b", 50)
    (run,) = deployed.wait_for(lambda: runs_of(deployed, "retrain"), "a run of retrain")
    assert run["parameters"]["request"]["level"] == "level-b"
    labels_added("level-a", 1)
    deployed.wait_for(
        lambda: len(runs_of(deployed, "retrain")) == 2, "the fiftieth label of level-a"
    )


@pytest.mark.slow
def test_a_promoted_model_starts_a_benchmark_and_renewal_only_where_switched_on(
    deployed: Any,
) -> None:
    model_promoted("generator", "abc")
    deployed.wait_for(lambda: runs_of(deployed, "benchmark"), "a run of benchmark")
    assert runs_of(deployed, "renewal") == []


@pytest.mark.slow
def test_a_lost_heartbeat_ends_the_run_as_crashed(server: Any) -> None:
    automation = zombie_automation(timedelta(seconds=10))
    with get_client(sync_client=True) as client:
        client.create_automation(automation.model_copy(update={"name": "impatient"}))
        run = client.create_flow_run(victim)
        client.set_flow_run_state(run.id, Running(), force=True)
        emit_event(HEARTBEAT, resource={"prefect.resource.id": f"prefect.flow-run.{run.id}"})

        def crashed() -> bool:
            state = client.read_flow_run(run.id).state
            return state is not None and state.type == StateType.CRASHED

        server.wait_for(crashed, "the end of the run")


@pytest.mark.slow
def test_a_run_that_its_worker_did_not_begin_is_scheduled_again(deployed: Any) -> None:
    automation = not_begun_automation(timedelta(seconds=10))
    with get_client(sync_client=True) as client:
        client.create_automation(automation.model_copy(update={"name": "impatient with workers"}))
        deployment = client.read_deployment_by_name("maintenance/maintenance")
        taken = client.create_flow_run_from_deployment(deployment.id)
        client.set_flow_run_state(taken.id, Pending())
        client.set_flow_run_state(taken.id, Pending(name="Submitting"))
        own = client.create_flow_run(victim)  # of no deployment: its own process will begin it
        client.set_flow_run_state(own.id, Pending())

        def scheduled() -> bool:
            run = client.read_flow_run(taken.id)
            return run.state is not None and run.state.type == StateType.SCHEDULED

        deployed.wait_for(scheduled, "the run back in its queue")
        again = client.read_flow_run(taken.id)
        assert again.next_scheduled_start_time is not None, "no worker would find it"
        state = client.read_flow_run(own.id).state
    assert state is not None
    assert state.is_pending()
