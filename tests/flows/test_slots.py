"""Slots on a machine without a Prefect server: one at a time, and a killed holder lets go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.campaign import server
from flows.slots import TRAINING_LIMIT, slot

HOLDER = """
import os, signal, sys
from flows.campaign.server import prefect_server
from flows.slots import TRAINING_LIMIT, slot
with prefect_server(), slot(TRAINING_LIMIT):
    os.kill(os.getpid(), signal.SIGKILL if "dies" in sys.argv else 0)
"""


@pytest.mark.slow
def test_the_slot_of_a_killed_process_is_free(tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    for words, code in ((["dies"], -signal.SIGKILL), ([], 0)):
        command = [sys.executable, "-c", HOLDER, *words]
        done = subprocess.run(command, env=environment, check=False, capture_output=True)
        assert done.returncode == code, done.stderr.decode()


def test_the_second_waits_for_the_first_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_own", type("Own", (), {"get": staticmethod(lambda: True)}))
    order: list[str] = []

    def second() -> None:
        with slot(TRAINING_LIMIT):
            order.append("second")

    waiting = threading.Thread(target=second)
    with slot(TRAINING_LIMIT):
        waiting.start()
        waiting.join(timeout=0.5)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert "waiting for the slot of dao-training" in caplog.text
