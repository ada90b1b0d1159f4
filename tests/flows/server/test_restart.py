"""A Prefect server that is killed and started again while a campaign runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.cli.app import main
from stores import open_store
from stores.documents import CampaignDocument

WORDS = (
    "campaign", "Cu-Au", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
    "--candidates", "16", "--relax", "11", "--max-atoms", "2",
)  # fmt: skip


def is_screened(home: Path) -> bool:
    if not (home / "store.sqlite").is_file():
        return False
    with open_store(home) as store:
        return bool(store.events.count({"subject": "screened"}))


@pytest.mark.slow
def test_a_campaign_outlives_a_restart_of_the_server(server: Any, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *WORDS],
        env={**server.environment, "DAO_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    server.wait_for(lambda: is_screened(tmp_path), "the first screened batch")
    server.kill()
    server.start()
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    with open_store(tmp_path) as store:
        (document,) = store.find(CampaignDocument)
    assert document.state == "done"
    assert document.ranking
    runs = server.ask("/flow_runs/filter", flow_runs={"tags": {"all_": ["Au-Cu"]}})
    assert [run["state_type"] for run in runs] == ["COMPLETED"]


def test_a_server_that_is_gone_is_named_with_the_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setenv("DAO_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert main([*WORDS]) == 3
    errors = " ".join(capsys.readouterr().err.split())
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
