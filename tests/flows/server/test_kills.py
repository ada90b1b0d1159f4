"""Prefect server and worker killed at random: the runs go on, and the store ends the same."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.campaign.flow import campaign
from flows.campaign.request import CampaignRequest
from flows.orchestration import bootstrap
from flows.stale_runs import mark_stale_runs
from stores import open_store

REQUEST = {
    "targets": ["Cu-Au"], "potential": "ase:ase.calculators.emt:EMT", "sources": ["template"],
    "candidates": 24, "relax": 20, "max_atoms": 3,
}  # fmt: skip
LONGEST = 40.0
"""Seconds between two kills: about as long as a run takes."""
SILENCE = timedelta(seconds=90)
"""Three heartbeats: after this a run is given up."""
PATIENCE = 3600
"""Seconds, for all the runs that wait at the end."""


def relaxations(store: Path) -> dict[str, tuple[Any, ...]]:
    """Energy of each relaxation, and when it was written."""
    if not (store / "store.sqlite").is_file():
        return {}
    with open_store(store) as opened:
        return {
            one["relaxation_id"]: (one["energy_per_atom"], one["last_updated"])
            for one in opened.relaxations.query({})
        }


def ranking(store: Path) -> list[tuple[Any, ...]]:
    """Candidates of the one campaign in their order."""
    with open_store(store) as opened:
        (found,) = opened.campaigns.query({"state": "done"})
        return [tuple(sorted(row.items())) for row in found["ranking"]]


@pytest.fixture
def own_server(server: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """A server that may be killed, with the deployments."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "prefect").mkdir()
    own = type(server)(port, tmp_path / "prefect")
    own.start()
    with temporary_settings({PREFECT_API_URL: own.url}):
        bootstrap(SILENCE)
    own.prefect("deploy", "--name", "campaign/campaign", cwd=request.config.rootpath)
    yield own
    own.process.kill()
    own.process.wait()


class Worker:
    """A Prefect worker with the processes of its runs, started again when it was killed."""

    def __init__(self, server: Any, folder: Path, root: Path) -> None:
        self.server, self.folder, self.root = server, folder, root
        self.start()

    def start(self) -> None:
        """Start it in a session of its own."""
        environment = {
            **self.server.environment,
            "DAO_HOME": str(self.folder / "home"),
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        }
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("prefect"), "worker", "start", "--pool", "cpu"],
            cwd=self.root, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        """End it and its runs on the spot."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.mark.torture
def test_the_store_ends_the_same_whoever_is_killed(
    own_server: Any, tmp_path: Path, request: pytest.FixtureRequest, rounds: int
) -> None:
    store, undisturbed = tmp_path / "store", tmp_path / "undisturbed"
    with temporary_settings({PREFECT_API_URL: own_server.url}):
        settings = {**REQUEST, "store": str(undisturbed), "out": str(tmp_path / "a")}
        campaign(CampaignRequest.model_validate(settings))
    worker = Worker(own_server, tmp_path, request.config.rootpath)
    parameters = {"request": {**REQUEST, "store": str(store), "out": str(tmp_path / "b")}}
    chance = random.Random(11)

    def ask_for_a_run() -> Any:
        # The client asks again where a server that has just come back says that it is busy.
        with temporary_settings({PREFECT_API_URL: own_server.url}):
            return run_deployment("campaign/campaign", parameters=parameters, timeout=0)

    for _ in range(rounds):
        if not _waiting(own_server):
            ask_for_a_run()
        before = relaxations(store)
        time.sleep(chance.uniform(0, LONGEST))
        if chance.random() < 0.5:
            worker.kill()
            worker.start()
        else:
            own_server.process.kill()
            own_server.process.wait()
            own_server.start()
        assert before.items() <= relaxations(store).items(), "a finished relaxation was repeated"
    last = ask_for_a_run()

    def is_over() -> bool:
        # A server that is killed forgets what it was just told, also that a run was taken.
        with temporary_settings({PREFECT_API_URL: own_server.url}):
            mark_stale_runs(SILENCE)
        return _state(own_server, last.id) == "COMPLETED"

    own_server.wait_for(is_over, "the end of a run", PATIENCE)
    worker.kill()
    assert ranking(store) == ranking(undisturbed)
    assert {key: energy for key, (energy, _) in relaxations(store).items()} == {
        key: energy for key, (energy, _) in relaxations(undisturbed).items()
    }


def _waiting(server: Any) -> int:
    """How many runs are in the queue; none while the server is busy."""
    try:
        return len(
            server.ask("/flow_runs/filter", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}})
        )
    except httpx.HTTPError:
        return 0


def _state(server: Any, run: Any) -> str:
    """State of a flow run; empty while the server is busy."""
    try:
        (found,) = server.ask("/flow_runs/filter", flow_runs={"id": {"any_": [str(run)]}})
    except httpx.HTTPError:
        return ""
    return str(found["state_type"])
