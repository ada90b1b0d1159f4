from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dft_inputs.running.folder import CalculationFailure, CalculationFolder


@pytest.fixture
def folder(tmp_path: Path) -> CalculationFolder:
    return CalculationFolder(tmp_path, "abcdef")


def hold(root: Path, pipe: Connection) -> None:
    with CalculationFolder(root, "abcdef").locked():
        pipe.send("held")
        time.sleep(60)


def test_a_second_process_waits_until_the_first_has_ended_or_was_killed(
    folder: CalculationFolder,
) -> None:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    first = context.Process(target=hold, args=(folder.root, there))
    second = context.Process(target=hold, args=(folder.root, there))
    first.start()
    assert here.recv() == "held"
    second.start()
    assert not here.poll(0.5)
    first.kill()
    first.join()
    try:
        assert here.poll(20)
    finally:
        second.kill()
        second.join()


def test_a_failure_is_read_back_and_forgotten(folder: CalculationFolder) -> None:
    folder.path.mkdir(parents=True)
    assert folder.failure() is None
    failure = CalculationFailure(key="abcdef", reason="walltime", message="time", exit_code=4)
    folder.write(failure)
    assert folder.failure() == failure
    folder.forget_failure()
    assert folder.failure() is None
    assert folder.result() is None


def test_orphans_of_a_killed_attempt_are_ended(folder: CalculationFolder, tmp_path: Path) -> None:
    job, elsewhere = folder.path / "job_1", tmp_path / "elsewhere"
    job.mkdir(parents=True)
    elsewhere.mkdir()
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    orphan = subprocess.Popen([*sleep, "-in", "pw.in"], cwd=job)
    strangers = [
        subprocess.Popen([*sleep, "-in", "pw.in"], cwd=elsewhere),
        subprocess.Popen([*sleep, "pw.in"], cwd=job),
    ]
    try:
        assert folder.stop_orphans() == 1
        assert orphan.wait(10) != 0
        assert [stranger.poll() for stranger in strangers] == [None, None]
    finally:
        for stranger in strangers:
            stranger.kill()
            stranger.wait()


def test_who_only_looks_does_not_wait(folder: CalculationFolder) -> None:
    with folder.locked(), folder.locked_if_free() as free:
        assert not free
    with folder.locked_if_free() as free:
        assert free
