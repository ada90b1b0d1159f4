"""Task documents from recorded runs of pw.x 6.7 and 7.2, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dao_core.errors import CalculationError
from dft_inputs.errors import (
    ContradictoryOutputError,
    EmptyOutputError,
    IonsNotConvergedError,
    ScfNotConvergedError,
    TruncatedOutputError,
    UnrecoverableError,
    WalltimeError,
)
from dft_inputs.level import LevelOfTheory
from dft_inputs.qe.schemas.failure import diagnose_stdout
from dft_inputs.qe.schemas.pw_stdout import read_pw_stdout
from dft_inputs.qe.schemas.pw_xml import release_of
from dft_inputs.qe.schemas.task import PwTaskDoc


def edit(path: Path, pattern: str, replacement: str, count: int = 0) -> None:
    text, found = re.subn(pattern, replacement, path.read_text(), count=count)
    assert found, f"{pattern} is not in {path.name}"
    path.write_text(text)


def test_document_of_version_72(recorded_72: Path, level: LevelOfTheory) -> None:
    task = PwTaskDoc.from_directory(recorded_72, level)
    assert task.version == "7.2"
    assert task.calculation == "vc-relax"
    assert task.formula == "Si"
    assert len(task.ionic_steps) == 4
    assert task.ionic_steps[-1].energy < task.ionic_steps[0].energy
    assert task.energy_per_atom == pytest.approx(task.energy / 2)
    assert task.structure.volume != pytest.approx(task.input_structure.volume, rel=1e-3)
    assert task.fingerprint == level.fingerprint()
    assert task.level_of_theory.pseudo_md5 == level.pseudo_md5
    assert task.inputs["control"]["calculation"] == "vc-relax"
    assert task.cards["K_POINTS"][0].startswith("K_POINTS")
    assert task.timings.wall_seconds > 0
    assert task.timings.n_processes >= 1
    assert all(len(step.forces or []) == 2 and step.stress for step in task.ionic_steps)
    assert PwTaskDoc.model_validate_json(task.model_dump_json()).energy == task.energy


@pytest.mark.parametrize(
    ("name", "energy_rydberg", "pressure_kbar", "steps"),
    [
        ("Si_scf", -16.92306397, 20.36, 0),
        ("MgO_scf", -152.10107079, 47.98, 0),
        ("NaCl_vc-relax", -124.49295004, 0.03, 6),
        ("Si_vc-relax", -16.92347837, 0.04, 4),
    ],
)
def test_documents_of_version_67(
    recorded_67: Callable[[str], Path],
    level: LevelOfTheory,
    name: str,
    energy_rydberg: float,
    pressure_kbar: float,
    steps: int,
) -> None:
    task = PwTaskDoc.from_directory(recorded_67(name), level)
    assert task.version.startswith("6.7")
    assert task.energy == pytest.approx(energy_rydberg * 13.605693123, abs=1e-6)
    assert task.pressure == pytest.approx(pressure_kbar / 10, abs=2e-3)
    assert np.trace(task.stress) / 3 == pytest.approx(-task.pressure)
    assert len(task.ionic_steps) == steps
    assert all(step.stress is not None for step in task.ionic_steps)
    assert task.max_force == pytest.approx(0.0, abs=1e-6)
    assert not task.electronic.is_metal


@pytest.mark.parametrize("release", ["qes_211101.xsd", "qes_220603.xsd", "qes_990101.xsd"])
def test_documents_of_other_releases_of_version_7(
    recorded_72: Path, level: LevelOfTheory, release: str
) -> None:
    expected = PwTaskDoc.from_directory(recorded_72, level)
    edit(recorded_72 / "out" / "pwscf.xml", r"qes[-_]\d+\.xsd", release)
    task = PwTaskDoc.from_directory(recorded_72, level)
    assert task.energy == expected.energy
    assert task.electronic == expected.electronic
    assert task.structure == expected.structure


def test_newer_releases_are_read_with_the_newest_schema_that_is_known() -> None:
    assert release_of("qes/qes_030920.xsd") == "qes_030920.xsd"
    assert release_of("qes/qes_991231.xsd") == "qes_230310.xsd"
    with pytest.raises(TruncatedOutputError):
        release_of("<?xml")


def test_empty_output(recorded_72: Path, level: LevelOfTheory) -> None:
    (recorded_72 / "pw.out").write_text("")
    (recorded_72 / "pw.err").write_text("mpirun: not enough slots\n")
    with pytest.raises(EmptyOutputError, match="not enough slots"):
        PwTaskDoc.from_directory(recorded_72, level)


def test_absent_xml(recorded_72: Path, level: LevelOfTheory) -> None:
    (recorded_72 / "out" / "pwscf.xml").unlink()
    with pytest.raises(EmptyOutputError, match="no XML file"):
        PwTaskDoc.from_directory(recorded_72, level)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.6, 0.99])
def test_truncated_files_are_never_a_label(
    recorded_72: Path, level: LevelOfTheory, share: float
) -> None:
    for name in ("pw.out", "out/pwscf.xml"):
        path = recorded_72 / name
        whole = path.read_text()
        path.write_text(whole[: int(len(whole) * share)])
        with pytest.raises(CalculationError):
            PwTaskDoc.from_directory(recorded_72, level)
        path.write_text(whole)


def test_xml_of_another_run_is_a_contradiction(recorded_72: Path, level: LevelOfTheory) -> None:
    edit(recorded_72 / "pw.out", r"(!    total energy +=) +-16\.7", r"\1     -16.6")
    with pytest.raises(ContradictoryOutputError, match="not of the same run"):
        PwTaskDoc.from_directory(recorded_72, level)


def test_numbers_that_are_none_are_refused(recorded_72: Path, level: LevelOfTheory) -> None:
    edit(recorded_72 / "out" / "pwscf.xml", r"<etot>[^<]+</etot>", "<etot>NaN</etot>")
    with pytest.raises(CalculationError):
        PwTaskDoc.from_directory(recorded_72, level)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("scf2", ScfNotConvergedError, "did not converge"),
        ("nstep", IonsNotConvergedError, "ionic steps"),
        ("wall", WalltimeError, "time limit"),
        ("badkey", UnrecoverableError, "ecutwfk"),
        ("nopp", UnrecoverableError, r"Nope\.upf not found"),
        ("overlap", ScfNotConvergedError, "did not converge"),
    ],
)
def test_recorded_failures_are_told_apart(
    shared: Path, name: str, error: type[CalculationError], words: str
) -> None:
    stdout = read_pw_stdout(shared / "qe_recorded" / "failures" / f"{name}.out")
    found = diagnose_stdout(stdout)
    assert type(found) is error
    assert re.search(words, str(found))
    assert stdout.job_done == (name not in ("badkey", "nopp"))
