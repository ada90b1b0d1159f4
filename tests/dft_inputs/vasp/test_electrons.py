"""States, gap and moments of recorded VASP runs."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from dft_inputs.errors import TruncatedOutputError
from dft_inputs.vasp.electrons import electrons_of_run

pytestmark = pytest.mark.filterwarnings("ignore")
GGA, R2SCAN = "Si_mp_gga_relax/GGA_Static", "Si_mp_meta_gga_relax/r2scan_final_static"


@pytest.mark.parametrize(("run", "gap"), [(GGA, 0.613), (R2SCAN, 0.786)])
def test_silicon(shared: Path, run: str, gap: float) -> None:
    found = electrons_of_run(shared / "vasp_recorded" / run / "outputs")
    assert found.formula == "Si"
    assert found.band_gap == pytest.approx(gap, abs=0.001)
    assert found.direct is False
    states = found.states
    assert {"Si s", "Si p"} <= states.projected.keys()
    energies, total = np.array(states.energies), np.array(states.total).sum(axis=0)
    filled = energies < gap / 2
    assert np.trapezoid(total[filled], energies[filled]) == pytest.approx(8.0, abs=0.1)
    assert [atom.moment for atom in found.charges] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert found.electride is None
    assert any("no ELFCAR" in note for note in found.notes)


def test_a_run_without_whole_states_is_refused(shared: Path, tmp_path: Path) -> None:
    outputs = shared / "vasp_recorded" / GGA / "outputs"
    whole = gzip.decompress((outputs / "vasprun.xml.gz").read_bytes())
    (tmp_path / "OUTCAR.gz").write_bytes((outputs / "OUTCAR.gz").read_bytes())
    with pytest.raises(TruncatedOutputError, match="no whole states"):
        electrons_of_run(tmp_path)
    (tmp_path / "vasprun.xml").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TruncatedOutputError, match="no whole states"):
        electrons_of_run(tmp_path)
