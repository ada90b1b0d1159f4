"""Sweep, ingest and maintenance on a real server, with a store of their own."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Pending, Running
from pymatgen.core import Lattice, Structure

from flows.ingest import IngestRequest, ingest
from flows.maintenance import MaintenanceRequest, maintenance
from flows.stale_runs import mark_stale_runs
from flows.sweep import SweepRequest, sweep
from stores import open_store

EMT = {
    "potential": "ase:ase.calculators.emt:EMT", "sources": "template", "candidates": 4, "relax": 2,
    "max_atoms": 2,
}  # fmt: skip


@flow(name="abandoned")
def abandoned() -> None:
    """Stands for a run whose process is gone."""


@pytest.mark.slow
def test_a_failing_campaign_costs_the_sweep_only_itself(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = str(tmp_path / "store")
    good = {"targets": "Cu", "store": store, **EMT}
    bad = {**good, "targets": "Mg-O", "potential": "dao-p:missing.safetensors"}
    request = SweepRequest.model_validate(
        {"campaigns": [{"request": good}, {"request": bad, "priority": "high"}]}
    )
    first, second = sweep(request)
    assert first.targets == ("Mg-O",)
    assert "missing.safetensors" in str(first.error)
    assert second.error is None
    with open_store(store) as opened:
        assert opened.campaigns.query_one({"campaign_id": second.campaign_id})["state"] == "done"


@pytest.mark.slow
def test_ingest_then_maintenance_then_a_damaged_store(server: Any, tmp_path: Path) -> None:
    crystals = tmp_path / "crystals"
    crystals.mkdir()
    copper = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    copper.to(str(crystals / "copper.cif"))
    (crystals / "broken.cif").write_text("no crystal")
    store = str(tmp_path / "store")
    request = IngestRequest(source=str(crystals), store=store)
    report = ingest(request)
    assert (report["read"], report["inserted"], report["unreadable_file"]) == (2, 3, 1)
    assert ingest(request)["inserted"] == 0

    backup = tmp_path / "backups"
    report = maintenance(MaintenanceRequest(store=store, backup=str(backup)))
    assert report.built["statistics"] > 0
    with open_store(Path(str(report.backup)).parent) as copy:
        assert copy.candidates.count() == 1

    with sqlite3.connect(Path(store) / "store.sqlite") as raw:
        raw.execute("UPDATE candidates SET doc = replace(doc, 'Cu', 'Au')")
    with pytest.raises(RuntimeError, match="damaged"):
        maintenance(MaintenanceRequest(store=store, backup=str(backup)))


@pytest.mark.slow
def test_a_run_without_sign_of_life_is_marked_and_a_live_one_is_not(server: Any) -> None:
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(abandoned)
        client.set_flow_run_state(run.id, Running(), force=True)
        assert run.name not in mark_stale_runs(timedelta(minutes=5))
        assert run.name in mark_stale_runs(timedelta(0))
        state = client.read_flow_run(run.id).state
    assert state is not None
    assert state.is_crashed()
    assert "run it again" in str(state.message)


@pytest.mark.slow
def test_a_run_that_no_worker_began_is_scheduled_again(server: Any) -> None:
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow(abandoned)
        deployment_id = client.create_deployment(flow_id, name="abandoned")
        run = client.create_flow_run_from_deployment(deployment_id)
        client.set_flow_run_state(run.id, Pending())
        assert run.name not in mark_stale_runs(timedelta(minutes=5))
        assert run.name in mark_stale_runs(timedelta(0))
        after = client.read_flow_run(run.id)
    assert after.state is not None
    assert after.state.is_scheduled()
    assert after.next_scheduled_start_time is not None, "no worker would find it"


@pytest.mark.slow
def test_a_run_of_no_worker_that_never_began_has_crashed(server: Any) -> None:
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(abandoned)
        client.set_flow_run_state(run.id, Pending())
        assert run.name in mark_stale_runs(timedelta(0))
        after = client.read_flow_run(run.id)
    assert after.state is not None
    assert after.state.is_crashed()
