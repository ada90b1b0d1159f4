"""Runs that were made elsewhere: what is taken, what is refused, and what their levels hold."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dao_core.errors import CalculationError
from dft_inputs.errors import ForeignOutputError, TruncatedOutputError
from dft_inputs.finished import NoLabelError, OtherRunError
from dft_inputs.qe.finished import read_finished_run as read_qe
from dft_inputs.vasp.finished import read_finished_run as read_vasp

Edit = tuple[str, str]
QE = Path(__file__).parent / "data" / "qe72_si_vc_relax" / "pwscf.xml.gz"
DFT = r"(<dft>\s*<functional>PBE</functional>)"
U = '<Hubbard_U specie="Si" label="3p">0.2</Hubbard_U>'


@pytest.fixture
def qe_run(tmp_path: Path) -> Callable[..., Path]:
    """Makes the XML file of a vc-relax of silicon, with everything in it replaced that is given."""

    def make(*edits: Edit, folder: str = "run") -> Path:
        text = gzip.decompress(QE.read_bytes()).decode()
        for old, new in edits:
            text, count = re.subn(old, new, text)
            assert count, old
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "pwscf.xml").write_text(text)
        return tmp_path / folder / "pwscf.xml"

    return make


@pytest.fixture
def vasp_run(tmp_path: Path, shared: Path) -> Callable[..., Path]:
    """Makes the vasprun.xml of a relaxation of silicon, edited likewise."""
    recorded = shared / "vasp_recorded" / "Si_double_relax" / "relax_1" / "outputs"

    def make(*edits: Edit) -> Path:
        text = gzip.decompress((recorded / "vasprun.xml.gz").read_bytes()).decode()
        for old, new in edits:
            text, count = re.subn(old, new, text)
            assert count, old
        (tmp_path / "vasprun.xml").write_text(text)
        return tmp_path / "vasprun.xml"

    return make


@pytest.mark.parametrize(
    "edit",
    [
        ("<functional>PBE<", "<functional>PBESOL<"),
        ("<lsda>false<", "<lsda>true<"),
        ("<noncolin>false<", "<noncolin>true<"),
        ("<spinorbit>false<", "<spinorbit>true<"),
        (r"<ecutwfc>1\.0", "<ecutwfc>1.2"),
        (r"<ecutrho>4\.0", "<ecutrho>4.8"),
        (r'nk1="2" nk2="2" nk3="2"', 'nk1="1" nk2="1" nk3="1"'),
        (r'degauss="1\.37', 'degauss="9.37'),
        (r"<pseudo_file>Si\.upf<", "<pseudo_file>Si.pbe-n-rrkjus.upf<"),
        (DFT, r"\1<vdW><vdw_corr>grimme-d3</vdw_corr></vdW>"),
        (DFT, r"\1<dftU><lda_plus_u_kind>0</lda_plus_u_kind>" + U + "</dftU>"),
    ],
    ids=str,
)
def test_what_changes_an_energy_of_pw_changes_its_level(
    qe_run: Callable[..., Path], edit: Edit
) -> None:
    assert read_qe(qe_run(edit)).level != read_qe(qe_run()).level


def test_the_level_of_pw_holds_the_md5_of_pseudopotentials_that_are_there(
    qe_run: Callable[..., Path],
) -> None:
    levels = []
    for folder, content in (("a", "one"), ("b", "other"), ("c", "one")):
        file = qe_run(folder=folder)
        (file.parent / "Si.upf").write_text(content)
        levels.append(read_qe(file).level)
    assert levels[0] == levels[2] != levels[1]
    assert levels[0].startswith("qe-pbe-")
    assert "[Si:" in levels[0]


def test_labels_of_pw_types_are_their_elements(qe_run: Callable[..., Path]) -> None:
    for label in ("Si_s", "Si-h", "Si1"):
        run = read_qe(qe_run(('name="Si"', f'name="{label}"')))
        assert run.structure.composition.reduced_formula == "Si"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ((r"<tot_charge>0\.0", "<tot_charge>1.0"), "charged_cell"),
        (("<exit_status>0<|<status>0<", "<exit_status>3<"), "exit_status"),
        (("<calculation>vc-relax<", "<calculation>nscf<"), "nscf"),
        ((r"-5\.633844210729931E-33", "5.0E-02"), "relaxation_not_converged"),
    ],
)
def test_runs_of_pw_that_are_no_labels(
    qe_run: Callable[..., Path], edit: Edit, reason: str
) -> None:
    with pytest.raises(NoLabelError) as told:
        read_qe(qe_run(edit))
    assert told.value.reason == reason


def test_results_of_other_atoms_than_the_input_are_refused(qe_run: Callable[..., Path]) -> None:
    file = qe_run()
    before, mark, results = file.read_text().rpartition("<output>")
    file.write_text(before + mark + results.replace('<atom name="Si" index="2">',
                                                    '<atom name="Ge" index="2">'))  # fmt: skip
    with pytest.raises(ForeignOutputError):
        read_qe(file)


def test_another_xml_file_is_no_run_of_pw_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "vasprun.xml").write_text("<modeling></modeling>")
    with pytest.raises(OtherRunError):
        read_qe(tmp_path / "vasprun.xml")


@pytest.mark.parametrize(
    "edit",
    [
        (r'(<i name="ENMAX">) *680\.0+', r"\g<1> 520.0"),
        (r'(<i type="int" name="ISPIN">) *2', r"\1 1"),
        (r'(<i name="PSTRESS">) *0\.0+', r"\g<1> 50.0"),
        (r'(<i type="logical" name="LSORBIT">) *F', r"\1 T"),
        (r"PAW_PBE Si 05Jan2001", "PAW_PBE Si_sv_GW 31Mar2010"),
    ],
    ids=str,
)
def test_what_changes_an_energy_of_vasp_changes_its_level(
    vasp_run: Callable[..., Path], edit: Edit
) -> None:
    assert read_vasp(vasp_run(edit)).level != read_vasp(vasp_run()).level


def test_the_level_of_vasp_holds_the_hash_of_a_potcar_that_is_there(
    vasp_run: Callable[..., Path],
) -> None:
    file = vasp_run()
    levels = [read_vasp(file).level]
    for content in ("one", "other"):
        text = f"   TITEL  = PAW_PBE Si 05Jan2001\n {content}\nEnd of Dataset\n"
        (file.parent / "POTCAR").write_text(text)
        levels.append(read_vasp(file).level)
    assert len(set(levels)) == 3
    assert all(level.startswith("vasp-gga-paw_pbe-680ev-") for level in levels)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ((r'(<i name="NELECT">) *8\.0+', r"\g<1> 7.0"), "charged_cell"),
        ((r'(<i type="int" name="ICHARG">) *2', r"\1 11"), "nscf"),
        ((r'(<varray name="forces" >\s*<v>) +0\.0+', r"\g<1> 0.5"), "not_converged"),
        ((r"<c>Si</c>(<c> +28)", r"<c>Ge</c>\1"), "foreign_output"),
    ],
)
def test_runs_of_vasp_that_are_no_labels(
    vasp_run: Callable[..., Path], edit: Edit, reason: str
) -> None:
    with pytest.raises(CalculationError) as told:
        read_vasp(vasp_run(edit))
    assert told.value.reason == reason


def test_runs_that_are_cut_off(qe_run: Callable[..., Path], vasp_run: Callable[..., Path]) -> None:
    for file, read in ((qe_run(), read_qe), (vasp_run(), read_vasp)):
        file.write_text(file.read_text()[: file.stat().st_size // 2])
        with pytest.raises(TruncatedOutputError):
            read(file)
