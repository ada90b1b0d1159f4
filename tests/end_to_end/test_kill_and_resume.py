"""Killed anywhere, a campaign goes on to the same end as an undisturbed one."""

from __future__ import annotations

import contextlib
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stores import open_store

# EMT is a real potential for copper and gold, and takes no time to load.
WORDS = (
    "Cu-Au", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
    "--candidates", "24", "--relax", "20", "--max-atoms", "3",
)  # fmt: skip
PATIENCE = 600
"""Seconds; a run takes some ten on an idle machine."""
WHEN = {"blob", "last_updated", "builder_meta", "happened", "_id"}
"""Fields that say when something was done, not what came out."""


def start(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows", "campaign", *WORDS, "--out", str(home / "out")]
    environment = {
        **os.environ,
        "DAO_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def finish(home: Path) -> None:
    process = start(home)
    try:
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, errors.decode()


def stages_done(home: Path) -> dict[str, int]:
    """How many batches of each stage the store has."""
    if not (home / "store.sqlite").is_file():
        return {}
    with open_store(home) as store:
        stages = [event["subject"] for event in store.events.query({}, ["subject"])]
    return {stage: stages.count(stage) for stage in stages}


def kill_when(home: Path, reached: Callable[[Path], object]) -> None:
    """Start the campaign and SIGKILL it as soon as it has come as far as ``reached`` says."""
    process = start(home)
    deadline = time.monotonic() + PATIENCE
    while not reached(home):
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def content(home: Path) -> dict[str, dict[str, Any]]:
    """Everything of science in a store: all documents without times."""
    with open_store(home) as store:
        return {
            f"{name}/{document[collection.key]}": dict(_timeless(name, document))
            for name, collection in store.collections.items()
            for document in collection.query({})
            if document.get("kind") != "files_written"  # of a folder of this machine
        }


def _timeless(name: str, document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if key in WHEN or (name == "campaigns" and key in {"started", "finished", "summary"}):
            continue
        if name == "events" and key == "detail":
            yield key, value["outcome"]
        else:
            yield key, value


@pytest.mark.slow
@pytest.mark.timeout(4 * PATIENCE)
def test_killed_in_every_stage_and_taken_up_by_two_it_ends_like_an_undisturbed_run(
    tmp_path: Path,
) -> None:
    finish(tmp_path / "undisturbed")
    killed = tmp_path / "killed"
    for stage in ("proposed", "screened", "relaxed"):
        kill_when(killed, lambda home, stage=stage: stages_done(home).get(stage))
    kill_when(killed, lambda home: list((home / "out" / "cif").glob("*.cif")))  # while ranking
    before = content(killed)
    shutil.rmtree(killed / "prefect")  # Prefect's database is lost: it holds nothing of science
    both = [start(killed), start(killed)]  # two workers take it up at once
    for process in both:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors.decode()
    after = content(killed)

    assert after == content(tmp_path / "undisturbed")
    done = {key: value for key, value in before.items() if not key.startswith("campaigns/")}
    assert done == {key: after[key] for key in done}


def relaxed(home: Path) -> dict[str, Any]:
    """When each relaxation of a store was written: one that is done again is written anew."""
    if not (home / "store.sqlite").is_file():
        return {}
    with open_store(home) as store:
        found = store.relaxations.query({}, ["relaxation_id", "last_updated"])
        return {one["relaxation_id"]: one["last_updated"] for one in found}


def spend(process: subprocess.Popen[bytes], most: float) -> float:
    """SIGKILL a process once it has used so many seconds of CPU; what it used.

    Counted so, a kill comes as far into a campaign on a busy machine as on an idle one.
    """
    used, watched = 0.0, psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            used = sum(watched.cpu_times()[:2])
        if used >= most:
            process.kill()
            break
        time.sleep(0.02)
    return used


@pytest.mark.torture
def test_killed_at_random_it_repeats_no_relaxation(tmp_path: Path, rounds: int) -> None:
    undisturbed = start(tmp_path / "undisturbed")
    length = spend(undisturbed, math.inf)
    wanted = content(tmp_path / "undisturbed")
    chance, kills, number = random.Random(7), 0, 0
    while kills < rounds:
        home, number = tmp_path / f"killed-{number}", number + 1
        while True:
            before, process = relaxed(home), start(home)
            spend(process, chance.uniform(0, length) if kills < rounds else math.inf)
            _, errors = process.communicate()
            assert before.items() <= relaxed(home).items()
            if process.returncode != -signal.SIGKILL:
                assert process.returncode == 0, errors.decode()
                break
            kills += 1
        assert content(home) == wanted


@pytest.mark.slow
@pytest.mark.timeout(4 * PATIENCE)
def test_interrupted_by_the_user_it_ends_with_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = start(tmp_path)
    deadline = time.monotonic() + PATIENCE
    while not stages_done(tmp_path).get("proposed"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors.decode()
    assert "the same command goes on" in errors.decode()
    assert "Traceback" not in errors.decode()
