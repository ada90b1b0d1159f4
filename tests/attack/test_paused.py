"""Campaigns and DFT workers that were paused, killed while they were paused, and come back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.running.ledger import Ledger
from stores import open_store

CAMPAIGN = ("campaign", "Cu-Au", "--potential", "ase:ase.calculators.emt:EMT", "--sources",
            "template", "--candidates", "8", "--relax", "4", "--max-atoms", "3")  # fmt: skip
PATIENCE = 200
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * PATIENCE)]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts ``dao`` with its data in a folder; whatever still runs at the end is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(home: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        own = {"DAO_HOME": str(home), "PREFECT_HOME": str(tmp_path / "prefect"), **variables}
        process = subprocess.Popen(
            [sys.executable, "-m", "flows", *words], env={**os.environ, **own}, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def pause(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Stop a process and all that it has started, from the top; the stopped ones."""
    top = psutil.Process(process.pid)
    top.suspend()
    below = top.children(recursive=True)
    for one in below:
        one.suspend()
    return [top, *below]


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors.decode()


@pytest.fixture
def words(tmp_path: Path, small_home: Path) -> tuple[str, ...]:
    silicon = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
    silicon.to(str(tmp_path / "si.cif"))
    given = ("validate", str(tmp_path / "si.cif"), "--pseudos", "small", "--workflow", "static")
    return (*given, "--no-hull", "--cores", "1", "--out", str(tmp_path / "out"))


def programs(home: Path) -> list[psutil.Process]:
    """The calculations' stand-ins for pw.x, and what they are tethered to."""
    program, runs = str(home.parent / "stand-in" / "pw.x"), home / "validations"
    return [
        one
        for one in psutil.process_iter(["cmdline", "cwd"])
        if program in (one.info["cmdline"] or ())
        and Path(one.info["cwd"] or "/").is_relative_to(runs)
    ]


def test_dft_workers_killed_while_paused_leave_neither_a_lock_nor_a_program_nor_hours(
    start: Callable[..., subprocess.Popen[bytes]], words: tuple[str, ...], small_home: Path,
    stand_in: Callable[..., tuple[str, Path]],
) -> None:  # fmt: skip
    hanging, _ = stand_in(seconds=PATIENCE)
    process = start(small_home, *words, DAO_PW_COMMAND=hanging)
    wait_for(lambda: len(programs(small_home)) > 1, process)
    stopped = pause(process)
    left = programs(small_home)  # the program and its tether, which cannot act while it is paused
    for one in stopped:
        if one not in left:
            one.kill()
    process.communicate()
    assert all(one.is_running() for one in left)
    finish(start(small_home, *words, DAO_PW_COMMAND=stand_in()[0]))
    assert not programs(small_home)
    ledger = Ledger.of(small_home / "validations")
    assert ledger.open_calculations() == []
    assert ledger.core_hours() < 0.1


def _documents(home: Path, collection: str, *, done: bool = False) -> list[dict[str, Any]]:
    if not (home / "store.sqlite").is_file():
        return []
    with open_store(home) as store:
        return list(store.collections[collection].query({"state": "done"} if done else {}))


def _relaxed(home: Path) -> dict[str, Any]:
    """Energy of each relaxation, and when it was written."""
    return {
        one["relaxation_id"]: (one["energy_per_atom"], one["last_updated"])
        for one in _documents(home, "relaxations")
    }


def _ranking(home: Path) -> list[dict[str, Any]]:
    (found,) = _documents(home, "campaigns", done=True)
    return list(found["ranking"])


def test_a_campaign_that_was_paused_is_taken_up_whether_it_was_killed_or_comes_back(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    home, undisturbed = tmp_path / "home", tmp_path / "undisturbed"
    words = (*CAMPAIGN, "--out", str(tmp_path / "out"))
    finish(start(undisturbed, *CAMPAIGN, "--out", str(tmp_path / "other")))

    killed = start(home, *words)
    wait_for(lambda: _documents(home, "candidates"), killed)
    for one in pause(killed):
        one.kill()
    killed.wait()

    paused = start(home, *words)
    wait_for(lambda: _relaxed(home), paused)
    stopped = pause(paused)
    before = _relaxed(home)
    finish(start(home, *words))
    after = _relaxed(home)
    assert before.items() <= after.items(), "a finished relaxation was repeated"
    assert _ranking(home) == _ranking(undisturbed)

    for one in stopped:
        one.resume()
    finish(paused)
    energies = {name: energy for name, (energy, _) in _relaxed(home).items()}
    assert energies == {name: energy for name, (energy, _) in _relaxed(undisturbed).items()}
    assert _ranking(home) == _ranking(undisturbed)
