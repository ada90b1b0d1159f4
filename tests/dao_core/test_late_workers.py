"""A worker whose owner has ended while it started says nothing; other errors are reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OWNER = """
import sys
from multiprocessing import synchronize
from dao_core.fork_server import fork_server

class Broken:
    def __reduce__(self):
        return open, ("no such file",)

if __name__ == "__main__":
    context = fork_server()
    lock = context.Lock()
    if sys.argv[1] == "owner gone":
        synchronize.sem_unlink(lock._semlock.name)
    argument = Broken() if sys.argv[1] == "own fault" else lock
    process = context.Process(target=print, args=(argument,))
    process.start()
    process.join()
    print("exit code", process.exitcode)
"""


def run(tmp_path: Path, how: str) -> tuple[str, str]:
    """What such an owner and its worker print, on both streams."""
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    done = subprocess.run(
        [sys.executable, script, how], capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout, done.stderr


def test_a_worker_that_comes_too_late_says_nothing(tmp_path: Path) -> None:
    printed, errors = run(tmp_path, "owner gone")
    assert "exit code 1" in printed
    assert "_bootstrap" not in errors
    assert "SemLock" not in errors


def test_a_worker_in_time_works(tmp_path: Path) -> None:
    printed, _ = run(tmp_path, "in time")
    assert "<Lock" in printed
    assert "exit code 0" in printed


def test_a_file_that_is_missing_otherwise_is_reported(tmp_path: Path) -> None:
    printed, errors = run(tmp_path, "own fault")
    assert "exit code 1" in printed
    assert "FileNotFoundError" in errors
    assert "no such file" in errors
