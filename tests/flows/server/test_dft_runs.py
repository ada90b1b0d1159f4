"""An event that comes three times: one DFT calculation, whoever is killed over it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dao_core.elements.ground_states import element_structure
from dao_core.search.records import Candidate
from dft_inputs.pseudos import install_family
from flows.events import LABELS_ADDED, candidates_selected
from stores import open_store
from stores.documents import LabelDocument, ValidationDocument
from stores.search_memory import StoreMemory

FAMILY = "pseudodojo_pbe_sr_0.4.1_standard"
SLOT = "dao-dft"


def runs_of(server: Any, candidate: str) -> list[str]:
    """Ids of the runs of ``validate`` that were started for a candidate."""
    body = {"deployments": {"name": {"any_": ["validate"]}}}
    found = server.ask("/flow_runs/filter", **body)
    return [r["id"] for r in found if r["parameters"]["request"]["crystals"] == [candidate]]


def execute(server: Any, home: Path, run: str) -> subprocess.Popen[bytes]:
    """The process that a worker starts for a flow run."""
    return subprocess.Popen(
        [sys.executable, "-m", "prefect.engine", run],
        env={**server.environment, "DAO_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def attempts(home: Path) -> list[tuple[float, float | None]]:
    ledger = home / "validations" / "ledger.sqlite"
    if not ledger.is_file():
        return []
    with sqlite3.connect(ledger) as connection:
        rows = connection.execute("SELECT started, ended FROM attempts ORDER BY started")
        return list(rows.fetchall())


@pytest.mark.dft
@pytest.mark.slow
def test_an_event_thrice_and_a_killed_holder_make_one_calculation(
    deployed: Any, shared: Path, tmp_path: Path
) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    install_family(source=str(shared / "pseudos" / FAMILY), root=tmp_path / "pseudos")
    provenance = {"origin": "test", "formula": "Al", "z": 1}
    candidate = Candidate.of(element_structure("Al"), provenance)
    with open_store(tmp_path) as store:
        StoreMemory(store).put_candidates([candidate])
    for _ in range(3):
        candidates_selected("Al-1", "Al", [candidate.candidate_id])
    deployed.wait_for(
        lambda: len(runs_of(deployed, candidate.candidate_id)) == 3, "a run for each event"
    )
    killed, *others = runs_of(deployed, candidate.candidate_id)

    holder = execute(deployed, tmp_path, killed)
    deployed.wait_for(lambda: list(tmp_path.glob("validations/*/*/*/pw.in")), "a run of pw.x")
    os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()
    assert deployed.slots_in_use(SLOT) == 1
    both = [execute(deployed, tmp_path, run) for run in others]
    deployed.let_leases_end()
    for process in both:
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()

    first, second = attempts(tmp_path)
    assert first[1] is not None
    assert second[1] is not None
    assert first[1] <= second[0], "no second is booked twice"
    assert deployed.slots_in_use(SLOT) == 0
    with open_store(tmp_path) as store:
        (check,) = store.find(ValidationDocument)
        (label,) = store.find(LabelDocument)
    runs = deployed.ask("/flow_runs/filter", flow_runs={"tags": {"all_": ["Al"]}})
    assert {run["id"] for run in runs} == {killed, *others}, "tagged with the chemical system"
    assert (check.state, check.candidate_id) == ("done", candidate.candidate_id)
    assert label.validation_id == check.validation_id
    happened = deployed.ask("/events/filter", filter={"event": {"name": [LABELS_ADDED]}})["events"]
    assert [event["payload"]["level"] for event in happened].count(label.level) == 1
