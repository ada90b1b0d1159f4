"""A run is found by its chemical system, and its tasks cost no question about their tags."""

from __future__ import annotations

import httpx
from prefect import flow, tags, task
from prefect.runtime import task_run

from flows.campaign.server import prefect_server
from flows.tagging import run_tagged

TAG = "Rn-Xe"
"""No other test has campaigns of it on the database that the tests share."""
OTHER = "Kr-Rn"


@task
def work() -> list[str]:
    """The tags that the task has."""
    return list(task_run.tags)


@flow
def tagged() -> list[str]:
    """One task."""
    with run_tagged(TAG, OTHER):
        return work()


def test_the_run_is_tagged_and_its_tasks_are_not() -> None:
    with prefect_server() as url:
        with tags("weekly"):
            of_task = tagged()
        (run,) = httpx.post(
            f"{url}/flow_runs/filter", json={"flow_runs": {"tags": {"all_": [TAG]}}}
        ).json()
    assert sorted(run["tags"]) == [OTHER, TAG, "weekly"]
    assert of_task == []
