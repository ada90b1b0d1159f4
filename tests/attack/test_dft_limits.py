"""Ledger, limits, orphans: killed and hanging DFT calculations, and budgets of every size."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from jobflow import run_locally
from pymatgen.core import Lattice, Structure

from dft_inputs.errors import WalltimeError
from dft_inputs.qe.makers.core import StaticMaker
from dft_inputs.qe.makers.phonons import GammaPhononMaker
from dft_inputs.qe.post_process import PostProcessor
from dft_inputs.qe.sets import PwInputGenerator
from dft_inputs.running.ledger import Ledger
from flows.cli.app import main

StandIn = Callable[..., tuple[str, Path]]
PATIENCE = 300.0


@pytest.fixture
def home(small_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder with a pseudopotential family, the version that the stand-in says, and Si."""
    monkeypatch.setattr("dft_inputs.qe.sets.pw_version", lambda command: (7, 2))
    silicon = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
    silicon.to(str(tmp_path / "si.cif"))
    return small_home


def words(tmp_path: Path, *more: str) -> list[str]:
    given = ["validate", str(tmp_path / "si.cif"), "--pseudos", "small", "--workflow", "static"]
    return [*given, "--no-hull", "--out", str(tmp_path / "out"), "--json", "--cores", "1", *more]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def below(folder: Path) -> Iterator[psutil.Process]:
    """Processes that work in a folder."""
    for process in psutil.process_iter(["cwd"]):
        if Path(process.info["cwd"] or "/").is_relative_to(folder):
            yield process


def begun(home: Path, tmp_path: Path, command: str) -> subprocess.Popen[bytes]:
    """``dao validate`` in a process of its own, its program running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *words(tmp_path)], cwd=tmp_path, start_new_session=True,
        env={**os.environ, "DAO_HOME": str(home), "DAO_PW_COMMAND": command},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: process.poll() is not None or any(below(home / "validations")))
    assert process.poll() is None
    return process


def _works_below(process: psutil.Process, home: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(home)
    except psutil.Error:  # it has ended meanwhile
        return False


def test_an_abandoned_attempt_books_nothing_until_it_is_looked_at_and_never_ends_its_own_rerun(
    home: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DAO_PW_COMMAND", stand_in()[0])
    assert main(words(tmp_path, "--core-hours", "1")) == 0
    ledger = Ledger.of(home / "validations")
    with sqlite3.connect(ledger.path) as connection:
        # As if it had been killed a day ago, a moment after its start.
        connection.execute("UPDATE attempts SET started = started - 86400, ended = NULL")
        (key,) = connection.execute("SELECT calculation FROM attempts").fetchone()
    booked = ledger.core_hours()
    (home / "validations" / key[:2] / key / "result.json").unlink()
    monkeypatch.setenv("DAO_STORE", str(tmp_path / "another-store"))
    capsys.readouterr()
    assert main(words(tmp_path, "--core-hours", "1")) == 0
    (rerun,) = json.loads(capsys.readouterr().out)["structures"]
    assert rerun["state"] == "done"
    assert booked <= rerun["core_hours"] < booked + 0.1
    assert ledger.open_calculations() == []


def test_kill_9_of_a_calculation_worker_leaves_no_pw_running_nor_booking(
    home: Path, stand_in: StandIn, tmp_path: Path
) -> None:
    process = begun(home, tmp_path, stand_in(seconds=PATIENCE)[0])
    worker = next(  # the topmost: what it starts may have started others by now
        one for one in psutil.Process(process.pid).children(recursive=True)
        if any(_works_below(child, home) for child in one.children())
    )  # fmt: skip
    worker.kill()
    wait_for(lambda: not any(below(home / "validations")))
    assert process.wait(PATIENCE) == 4
    assert Ledger.of(home / "validations").open_calculations() == []


def test_kill_9_of_everything_at_once_leaves_nothing_running(
    home: Path, stand_in: StandIn, tmp_path: Path
) -> None:
    process = begun(home, tmp_path, stand_in(seconds=PATIENCE)[0])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(below(home / "validations")))


def test_orphans_from_before_are_found_at_start(
    home: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = home / "validations" / "ab" / "abandoned"
    folder.mkdir(parents=True)
    sleep = [sys.executable, "-c", f"import time; time.sleep({PATIENCE})", "-in", "pw.in"]
    orphan = subprocess.Popen(sleep, cwd=folder)
    ledger = Ledger.of(home / "validations")
    ledger.begin("killed", "somebody", folder.name, cores=1)
    monkeypatch.setenv("DAO_PW_COMMAND", stand_in()[0])
    assert main(words(tmp_path)) == 0
    assert orphan.wait(1) == -signal.SIGKILL
    assert ledger.open_calculations() == []


@pytest.mark.parametrize("hours", ["700", "1e9", "1e300"])
def test_core_hours_of_every_size_are_a_budget(
    home: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hours: str
) -> None:
    monkeypatch.setenv("DAO_PW_COMMAND", stand_in()[0])
    assert main(words(tmp_path, "--core-hours", hours)) == 0


@pytest.mark.parametrize("option", ["--core-hours", "--walltime", "--memory"])
@pytest.mark.parametrize("value", ["inf", "nan", "0", "-1"])
def test_limits_that_are_none_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main(words(tmp_path, option, value)) == 2
    assert option in json.loads(capsys.readouterr().out)["error"]


def test_walltime_with_a_hanging_pw_fires(
    home: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    command, log = stand_in(seconds=PATIENCE)
    monkeypatch.setenv("DAO_PW_COMMAND", command)
    assert main(words(tmp_path, "--walltime", "2")) == 4
    (failed,) = json.loads(capsys.readouterr().out)["structures"]
    assert (failed["reason"], failed["core_hours"] < 0.1) == ("walltime", True)
    assert len(log.read_text().splitlines()) == 1, "what hangs is not tried five times"
    assert not any(below(home / "validations"))


@pytest.fixture
def hanging(tmp_path: Path) -> Callable[[str], str]:
    """Makes a program that hangs, and gives its path; a shell's child holds on to its files."""

    def make(name: str) -> str:
        program = tmp_path / "stand-in" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\nsleep {PATIENCE}\n")
        program.chmod(0o755)
        return str(program)

    return make


@pytest.mark.parametrize("program", ["ph.x", "pp.x", "projwfc.x"])
def test_walltime_with_any_other_program_that_hangs_fires(
    tmp_path: Path, hanging: Callable[[str], str], program: str
) -> None:
    command = hanging(program).replace(program, "pw.x")
    (tmp_path / "run").mkdir()
    with pytest.raises(WalltimeError, match=f"{program} was ended after 1 s"):
        PostProcessor(command, walltime=1.0).run(program, {}, tmp_path / "run")
    assert not any(below(tmp_path / "run"))


def test_the_walltime_of_a_calculation_is_that_of_the_programs_that_follow_pw(
    home: Path, stand_in: StandIn, hanging: Callable[[str], str], tmp_path: Path
) -> None:
    hanging("ph.x")
    generator = PwInputGenerator(pseudo_family="small", protocol="fast")
    maker = GammaPhononMaker(
        static_maker=StaticMaker(
            input_set_generator=generator,
            run_pw_kwargs={"command": stand_in()[0], "walltime": 15.0},
        )
    )
    flow = maker.make(Structure.from_file(tmp_path / "si.cif").get_primitive_structure())
    (tmp_path / "run").mkdir()
    with pytest.raises(WalltimeError, match=r"ph\.x was ended after 15 s"):
        run_locally(
            flow, create_folders=True, root_dir=tmp_path / "run", raise_immediately=True, log=False
        )
    assert not any(below(tmp_path / "run"))


def test_a_program_that_never_introduces_itself_is_no_pw(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "pw.x"
    hanging.write_text(f"#!/bin/sh\nsleep {PATIENCE}\n")  # a shell's child holds the pipe
    hanging.chmod(0o755)
    monkeypatch.setenv("DAO_PW_COMMAND", str(hanging))
    monkeypatch.setattr("dft_inputs.qe.program.ANSWER_SECONDS", 1)
    assert main(words(tmp_path)) == 3


@pytest.mark.parametrize("variable", ["DAO_PW_COMMAND", "DAO_VASP_COMMAND"])
def test_unbalanced_quotes_in_a_command(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(variable, "mpirun -n 2 'pw.x")
    code = "qe" if variable == "DAO_PW_COMMAND" else "vasp"
    assert main(words(tmp_path, "--code", code)) == 2
    assert variable in json.loads(capsys.readouterr().out)["error"]
