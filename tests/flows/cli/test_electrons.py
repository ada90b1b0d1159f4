"""``dao electrons``: silicon by real pw.x and by a recorded VASP run; what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.interpretation.sentences import FINDINGS
from dft_inputs.electrons.facts import electron_facts
from dft_inputs.pseudos import install_family
from dft_inputs.vasp.electrons import electrons_of_run
from flows.report.electrons_plot import electrons_page

Dao = Callable[..., Any]


@pytest.fixture
def silicon(tmp_path: Path) -> str:
    crystal = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.47), ["Si"], [[0, 0, 0]])
    crystal.get_primitive_structure().to(str(tmp_path / "Si.cif"))
    return "Si.cif"


@pytest.mark.dft
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pw.x") is None, reason="no pw.x on this machine")
def test_silicon_is_no_electride(dao: Dao, silicon: str, shared: Path, tmp_path: Path) -> None:
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    install_family(source=str(source), root=tmp_path / "home" / "pseudos")
    answer = dao("electrons", silicon, "--json")
    assert answer.code == 0, answer.err
    (record,) = answer.result["structures"]
    assert record["band_gap"] == pytest.approx(0.6, abs=0.1)
    assert record["direct"] is False
    assert not record["electride"]
    assert record["elf_maxima"].keys() == {"bond"}
    assert any("gaps too small" in flag for flag in record["flags"])
    page = Path(record["figures"]).read_text()
    assert "Density of states" in page
    assert "http" not in page.partition("<body")[2]
    again = dao("electrons", silicon, "--json").result["structures"][0]
    assert again["interpretation_id"] == record["interpretation_id"]
    kept = dao("explain", record["interpretation_id"], "--json").result
    assert kept["validations"][0]["validation_id"] == record["validation_id"]


def test_what_is_refused(dao: Dao, silicon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = dao("electrons", "nowhere.cif")
    assert answer.code == 2
    monkeypatch.setenv("DAO_VASP_COMMAND", "no-such-vasp")
    answer = dao("electrons", silicon, "--code", "vasp")
    assert answer.code == 3
    assert "no-such-vasp" in answer.err
    monkeypatch.setenv("DAO_PW_COMMAND", "no-such-pw.x")
    answer = dao("electrons", silicon)
    assert answer.code == 3
    assert "no-such-pw.x" in answer.err


@pytest.mark.filterwarnings("ignore")
def test_what_a_reader_sees_of_a_vasp_run(shared: Path) -> None:
    outputs = shared / "vasp_recorded" / "Si_mp_gga_relax" / "GGA_Static" / "outputs"
    found = electrons_of_run(outputs).model_dump(mode="json")
    facts = electron_facts(found)
    assert facts["electride"] is None
    assert facts["elf_maxima"] == {}
    assert "gap 0.61 eV; whether" in FINDINGS["electrons"](found)
    page = electrons_page(found, "vasp-pbe")
    assert "electride is not known" in page
    assert "Density of states" in page
    assert any("no ELFCAR" in note for note in found["notes"])
