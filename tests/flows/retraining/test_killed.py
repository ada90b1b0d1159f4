"""A round of retraining that is killed after its training goes on and trains nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows.cli.app import main
from stores import open_store
from stores.registry import history, serving

PATIENCE = 600


@pytest.mark.slow
@pytest.mark.training
def test_a_killed_round_goes_on_where_it_was(
    world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["retrain", "emt", "--store", world, "--steps", "40", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *words],
        env={**os.environ, "PREFECT_HOME": str(tmp_path / "prefect"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while not (trained := list(tmp_path.glob("home/retraining/*/dao-p.safetensors"))):
        assert process.poll() is None
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = trained[0].stat().st_mtime_ns

    capsys.readouterr()
    assert main(words) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    predictor, _ = result["outcomes"]
    assert predictor["promoted"], predictor["reason"]
    assert trained[0].stat().st_mtime_ns == made, "trained twice"
    with open_store(world) as store:
        assert serving(store, "predictor").id == predictor["model_id"]
        assert len(history(store, "predictor")) == 2  # the first, and this one once
