from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dft_inputs.qe.jobs import end
from dft_inputs.running.tether import TIMED_OUT, tether

PATIENCE = 300
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_code_is_that_of_the_program(script: str, code: int) -> None:
    assert subprocess.run([*tether(), "/bin/sh", "-c", script], check=False).returncode == code


def test_a_program_that_is_not_there_is_told_as_a_shell_does() -> None:
    done = subprocess.run([*tether(), "no-such-program"], capture_output=True, check=False)
    assert (done.returncode, b"no-such-program" in done.stderr) == (127, True)


@pytest.mark.parametrize("script", ["sleep 300", "sleep 300 & sleep 300"])
def test_a_hanging_program_is_ended_with_all_that_it_started(script: str) -> None:
    done = subprocess.run(
        [*tether(0.5), "/bin/sh", "-c", script], stdout=subprocess.PIPE, check=False
    )  # the pipe is read to its end: whoever lived on would hold it open
    assert done.returncode == TIMED_OUT


def test_a_program_that_ignores_being_told_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [*tether(), sys.executable, "-c", f"{DEAF}time.sleep({PATIENCE})"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    (child,) = psutil.Process(process.pid).children()
    end(process)
    wait_until_gone(child.pid)
    end(process)  # harmless when it has ended


@pytest.mark.parametrize("paused", [False, True])
def test_a_program_ends_with_the_process_that_started_it_however_it_went(
    tmp_path: Path, paused: bool
) -> None:
    starter = (
        "import subprocess, sys, time; from dft_inputs.running.tether import tether; "
        "subprocess.Popen([*tether(), 'sh', '-c', 'echo $$; exec sleep 300'], "
        "start_new_session=True); time.sleep(300)"
    )
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    if paused:
        os.kill(pid, signal.SIGSTOP)
        process.send_signal(signal.SIGSTOP)
        assert not gone(pid), "a process that is paused may come back"
    process.kill()
    wait_until_gone(pid)
    process.wait()
