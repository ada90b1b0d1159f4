"""Relaxations by real pw.x under pressure: the stress is the target, the hull is of enthalpies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate

PRESSURE = 60.0
EV_PER_GPA_A3 = 1 / 160.21766208


@pytest.mark.dft
@pytest.mark.slow
def test_aluminium_under_pressure(real_pw: str, tmp_path: Path) -> None:
    coarse = replace(PROTOCOLS["fast"], kpoint_distance=0.6)
    method = Method(protocol=coarse, pressure=PRESSURE)
    bcc = Structure.from_spacegroup("Im-3m", Lattice.cubic(3.0), ["Al"], [[0, 0, 0]])
    report = validate({"bcc": bcc}, method, Limits(cores=1), hull=True, root=tmp_path)
    (found,), (phase,) = report.validations, report.competing
    assert found.result is not None, found.message
    assert phase.result is not None, phase.message
    assert found.result.pressure == pytest.approx(PRESSURE, abs=0.5)
    assert f"at {PRESSURE:g} GPa" in str(found.level)
    # Vinet's equation with V0 = 16.57, K0 = 73, K0' = 4.54, as measured by Dewaele et al. (2004).
    assert phase.result.volume / phase.result.n_atoms == pytest.approx(11.5, rel=0.04)
    below = [one.result.energy_per_atom + PRESSURE * EV_PER_GPA_A3 * one.result.volume
             / one.result.n_atoms for one in (found, phase)]  # fmt: skip
    assert found.energy_above_hull == pytest.approx(below[0] - min(below), abs=1e-9)
    assert found.energy_above_hull > 0, "fcc up to 200 GPa and more"
