"""A relaxation by real pw.x, killed between two ionic steps: it goes on from the last geometry."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dao_core.elements.ground_states import element_structure
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.qe.geometry import last_geometry
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate

PATIENCE = 120
DRIVER = """
import sys
from dataclasses import replace
from pathlib import Path
from dao_core.elements.ground_states import element_structure
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.method import Method
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate
silicon = element_structure("Si")
silicon.scale_lattice(47.0)
method = Method(protocol=replace(PROTOCOLS["fast"], kpoint_distance=1.0))
validate({"si": silicon}, method, Limits(cores=1), root=Path(sys.argv[1]))
"""


def relaxations(root: Path) -> list[Path]:
    """Folders of the cell relaxations, oldest first."""
    inputs = [p for p in root.glob("*/*/*/pw.in") if "vc-relax" in p.read_text()]
    return [path.parent for path in sorted(inputs, key=lambda path: path.stat().st_mtime)]


@pytest.mark.dft
def test_a_killed_relaxation_goes_on_and_is_booked_once(real_pw: str, tmp_path: Path) -> None:
    root, began = tmp_path / "runs", time.time()
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(root)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (found := relaxations(root)) or last_geometry(found[0]) is None:
        assert process.poll() is None
        assert time.time() - began < PATIENCE, "it never came so far"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    silicon = element_structure("Si")
    silicon.scale_lattice(47.0)
    method = Method(protocol=replace(PROTOCOLS["fast"], kpoint_distance=1.0))
    done = validate({"si": silicon}, method, Limits(cores=1), root=root).validations[0]
    wall = time.time() - began
    assert done.state == "done", done.message
    killed, resumed = relaxations(root)[:2]
    left = last_geometry(killed)
    start = PwInput.from_directory(resumed).structure
    assert left is not None
    assert np.allclose(start.lattice.matrix, left.lattice.matrix, atol=1e-6)
    assert start.volume < 46.5, "silicon shrinks from where it was put"
    with sqlite3.connect(root / "ledger.sqlite") as connection:
        booked = connection.execute("SELECT started, ended, seconds FROM attempts ORDER BY started")
        (first, last) = booked.fetchall()
    assert first[1] <= last[0], "no second is booked twice"
    assert done.core_hours * 3600 == pytest.approx(first[2] + last[2])
    assert 0 < done.core_hours * 3600 < wall
