"""A DFT output that belongs to another calculation is a typed failure, never a label."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dft_inputs.errors import ForeignOutputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.vasp.finished import read_finished_run

RECORDED = Path(__file__).parents[1] / "dft_inputs" / "data" / "qe72_si_vc_relax"
MD5 = "MD5 check sum: "


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Folder of a recorded relaxation of silicon."""
    (tmp_path / "out").mkdir()
    shutil.copy(RECORDED / "pw.in", tmp_path)
    (tmp_path / "pw.out").write_bytes(gzip.decompress((RECORDED / "pw.out.gz").read_bytes()))
    xml = gzip.decompress((RECORDED / "pwscf.xml.gz").read_bytes())
    (tmp_path / "out" / "pwscf.xml").write_bytes(xml)
    return tmp_path


@pytest.fixture
def level_of(run: Path) -> Callable[..., LevelOfTheory]:
    """Level with the pseudopotential that the recorded run read, or another."""
    read = (run / "pw.out").read_text().split(MD5)[1].split()[0]

    def make(md5: str = read) -> LevelOfTheory:
        return LevelOfTheory(
            code="quantum-espresso", version="7.2", functional="pbe", protocol="fast",
            pseudo_family="dojo", pseudo_md5={"Si": md5}, settings={},
        )  # fmt: skip

    return make


def test_its_own_output_is_a_result(run: Path, level_of: Callable[..., LevelOfTheory]) -> None:
    assert PwTaskDoc.from_directory(run, level_of()).formula == "Si"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (r"\bSi\b(?!\.)", "Al", "atoms Al2 was asked for, the output has Si2"),
        (r"(Si +0\.25.*)", r"\1\nSi 0.5 0.5 0.5", "atoms Si3 was asked for"),
        (r"Si +0\.25 *", "Si 0.30 ", "atoms lie"),
        (r"2\.715", "2.815", "the cell"),
        ("vc-relax", "scf", "calculation scf was asked for"),
        ("ecutwfc = 20", "ecutwfc = 30", "ecutwfc 30.0 was asked for"),
        ("ecutrho = 80", "ecutrho = 90", "ecutrho 90.0 was asked for"),
        ("2 2 2 0 0 0", "4 4 4 0 0 0", "k-points"),
        (r"automatic\n2 2 2 0 0 0", "gamma", "k-points"),
        ("nat  ", "nspin = 2\n nat  ", "nspin 2 was asked for"),
        ("nat  ", "tot_charge = 1.0\n nat  ", "tot_charge 1.0 was asked for"),
    ],
)
def test_an_output_of_another_input_is_refused(
    run: Path, level_of: Callable[..., LevelOfTheory], old: str, new: str, told: str
) -> None:
    text, count = re.subn(old, new, (run / "pw.in").read_text())
    assert count
    (run / "pw.in").write_text(text)
    with pytest.raises(ForeignOutputError, match=told):
        PwTaskDoc.from_directory(run, level_of())


def test_another_pseudopotential_is_refused(
    run: Path, level_of: Callable[..., LevelOfTheory]
) -> None:
    with pytest.raises(ForeignOutputError, match="pseudopotential of Si has the md5"):
        PwTaskDoc.from_directory(run, level_of("0" * 32))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('<atom name="Si" index="2">', '<atom name="Ge" index="2">', "the results of Si1 Ge1"),
        (r"(<forces [^>]*>)[^<]*", r"\g<1>0 0 0", "1 forces on 2 atoms"),
    ],
)
def test_results_of_other_atoms_than_the_input_of_the_file_are_refused(
    run: Path, level_of: Callable[..., LevelOfTheory], old: str, new: str, told: str
) -> None:
    xml = run / "out" / "pwscf.xml"
    before, mark, results = xml.read_text().rpartition("<output>")
    changed, count = re.subn(old, new, results)
    assert count
    xml.write_text(before + mark + changed)
    with pytest.raises(ForeignOutputError, match=told):
        PwTaskDoc.from_directory(run, level_of())


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("KPOINTS", "mesh\n0\nGamma\n5 5 5\n", "k-points"),
        ("POTCAR", "TITEL  = PAW_PBE Si_sv 05Jan2001\nEnd of Dataset\n", "PAW_PBE Si_sv"),
    ],
)
def test_a_vasp_run_beside_inputs_of_another_is_not_taken_in(
    shared: Path, tmp_path: Path, name: str, content: str, told: str
) -> None:
    recorded = shared / "vasp_recorded" / "Si_mp_gga_relax" / "GGA_Static" / "outputs"
    for file in ("vasprun.xml.gz", "KPOINTS.gz"):
        shutil.copy(recorded / file, tmp_path)
    own = "TITEL  = PAW_PBE Si 05Jan2001\nEnd of Dataset\n"
    (tmp_path / "POTCAR").write_text(own)
    assert read_finished_run(tmp_path / "vasprun.xml.gz").structure.formula == "Si2"
    (tmp_path / name).write_text(content)
    with pytest.raises(ForeignOutputError, match=told):
        read_finished_run(tmp_path / "vasprun.xml.gz")
