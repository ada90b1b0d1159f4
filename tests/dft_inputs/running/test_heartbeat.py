from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dft_inputs.running.heartbeat import booked, cpu_seconds
from dft_inputs.running.ledger import SECONDS_PER_HOUR, Ledger
from dft_inputs.running.request import Limits

BURN = "import time\nwhile time.process_time() < 1.0: pass"


def test_children_count_while_they_run_and_after_they_have_ended() -> None:
    before = cpu_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    ended = cpu_seconds() - before
    running = subprocess.Popen([sys.executable, "-c", f"{BURN}\nprint(flush=True)\ninput()"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert running.stdout is not None
    running.stdout.readline()
    assert 0.9 <= ended < 2.0
    assert 0.9 <= cpu_seconds() - before - ended < 2.0
    running.communicate(b"\n")


def test_an_attempt_tells_what_it_uses_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dft_inputs.running.heartbeat.HEARTBEAT_SECONDS", 0.05)
    ledger = Ledger.of(tmp_path)
    with booked(ledger, "calc", Limits(cores=1, account="us")):
        subprocess.run([sys.executable, "-c", BURN], check=True)
        deadline = time.monotonic() + 60
        while ledger.core_hours("us") * SECONDS_PER_HOUR < 1.0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert ledger.open_calculations() == ["calc"]
    assert ledger.open_calculations() == []
    time.sleep(0.5)
    assert ledger.core_hours() * SECONDS_PER_HOUR < 3.0, "nobody works, nothing is booked"
