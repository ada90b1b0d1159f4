"""Validations killed at random: nothing that is done is done again, and the ledger is exact."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from dft_inputs.running.folder import CalculationFolder
from dft_inputs.running.ledger import Ledger

SECONDS = 0.5
"""What one run of the stand-in takes."""
DRIVER = """
import sys
from pathlib import Path
from pymatgen.core import Lattice, Structure
from dft_inputs.method import Method
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate
if __name__ == "__main__":
    crystals = {
        str(a): Structure.from_spacegroup("Fd-3m", Lattice.cubic(a), ["Si"], [[0, 0, 0]])
        for a in (5.43, 5.50, 5.60, 5.70)
    }
    method = Method("qe", "fast", "static", "small", command=sys.argv[1])
    report = validate(crystals, method, Limits(cores=2), root=Path(sys.argv[2]))
    sys.exit({one.state for one in report.validations} != {"done"})
"""


def finished(root: Path) -> dict[str, str]:
    """When each calculation that has a result got it."""
    keys = [folder.name for folder in root.glob("*/*") if folder.is_dir()]
    return {
        key: result.model_dump_json()
        for key in keys
        if (result := CalculationFolder(root, key).result()) is not None
    }


@pytest.mark.torture
def test_killed_at_random_no_finished_calculation_runs_again(
    small_home: Path, stand_in: Callable[..., tuple[str, Path]], tmp_path: Path, rounds: int
) -> None:
    command, log = stand_in(seconds=SECONDS)
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    chance, kills, length, number = random.Random(3), 0, 60.0, 0
    while kills < rounds:
        root, number, begun = tmp_path / f"runs-{number}", number + 1, time.time()
        while True:
            before, calls = finished(root), log.read_text()
            started = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, str(script), command, str(root)],
                env={**os.environ, "DAO_HOME": str(small_home)}, start_new_session=True,
            )  # fmt: skip
            try:
                killed_after = chance.uniform(0, 1.2 * length)
                code = process.wait(killed_after if number > 1 and kills < rounds else None)
            except subprocess.TimeoutExpired:
                # Half of the time the programs are left running: the next one has to end them.
                (os.killpg if chance.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
            else:
                assert code == 0
            ran = log.read_text().removeprefix(calls)
            assert not [key for key in before if key in ran], "a finished calculation ran again"
            assert before.items() <= finished(root).items()
            if process.returncode == 0:
                break
        length = time.monotonic() - started if number == 1 else length
        assert len(finished(root)) == 4
        _check_ledger(root, begun)


def _check_ledger(root: Path, begun: float) -> None:
    """Every attempt has its end, no two at one calculation overlap, and the sum is theirs."""
    with sqlite3.connect(root / "ledger.sqlite") as connection:
        rows = connection.execute(
            "SELECT calculation, started, ended, seconds FROM attempts "
            "ORDER BY calculation, started"
        ).fetchall()
    assert all(begun - 1 <= started <= ended <= time.time() for _, started, ended, _ in rows)
    # The stand-in sleeps: its CPU time and that of its worker is less than the clock's.
    assert all(0 <= seconds <= ended - started + 1 for _, started, ended, seconds in rows)
    for (key, _, ended, _), (after, started, _, _) in pairwise(rows):
        assert key != after or ended <= started
    booked = sum(seconds for *_, seconds in rows) / 3600
    assert Ledger(root / "ledger.sqlite").core_hours() == pytest.approx(booked)
