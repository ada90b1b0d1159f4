"""A campaign with DFT by real pw.x: killed in the middle it goes on, and a repeat does nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dft_inputs.pseudos import install_family
from stores import open_store
from stores.documents import LabelDocument, ValidationDocument

WORDS = (
    "Al", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template", "--candidates",
    "4", "--relax", "4", "--max-atoms", "1", "--dft", "qe", "--dft-budget", "1", "--out", "out",
)  # fmt: skip
PATIENCE = 600
"""Seconds; it takes some twenty on an idle machine."""


def attempts(home: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "validations" / "ledger.sqlite") as connection:
        return connection.execute("SELECT calculation, seconds, ended FROM attempts").fetchall()


@pytest.mark.dft
@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE)
def test_killed_in_dft_it_goes_on_and_a_repeat_does_nothing(
    run_campaign: Callable[..., dict[str, Any]], shared: Path, tmp_path: Path
) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    home = tmp_path / "home"
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    install_family(source=str(source), root=home / "pseudos")
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "campaign", *WORDS],
        env={**os.environ, "DAO_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=tmp_path,
    )
    deadline = time.monotonic() + PATIENCE
    # A relaxation has a run after its first scf: the kill falls between finished work and the end.
    while not list(home.glob("validations/*/*/*/task.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    done = run_campaign(*WORDS)
    first, *rest = done["ranking"]
    assert first["dft"]["state"] == "done"
    assert first["dft"]["energy_above_hull"] == pytest.approx(0.0, abs=0.002)  # fcc is the ground
    assert first["dft"]["level"] == done["dft"]["level"] != done["level"]
    assert [row["dft"] for row in rest] == [None] * len(rest)
    stages = {row["stage"]: row for row in done["funnel"]}
    assert stages["dft_selected"]["rejected"] == {"not_selected_for_dft": len(rest)}
    assert (stages["dft"]["entered"], stages["dft"]["left"]) == (1, 1)
    assert "DFT checks" in (tmp_path / "out" / "report.html").read_text()
    with open_store(home) as store:
        validations = list(store.find(ValidationDocument, {"state": "done"}))
        labels = {label.validation_id for label in store.find(LabelDocument)}
    assert labels == {validation.validation_id for validation in validations}
    assert first["candidate_id"] in {validation.candidate_id for validation in validations}
    booked = attempts(home)
    assert all(ended is not None for _, _, ended in booked)
    hours = sum(seconds for _, seconds, _ in booked) / 3600
    assert done["dft"]["core_hours"] == pytest.approx(hours, rel=1e-3)

    again = run_campaign(*WORDS)
    assert again["reused"]
    assert again["ranking"] == done["ranking"]
    assert attempts(home) == booked
