"""``dao validate`` with a real pw.x on the smallest cell, and what it says where it cannot run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from stores import open_store
from stores.documents import LabelDocument, ValidationDocument

Dao = Callable[..., Any]
STATIC = ("--workflow", "static", "--no-hull", "--cores", "2")


@pytest.fixture
def silicon(dao: Dao, tmp_path: Path) -> Path:
    file = tmp_path / "Si.cif"
    Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.6), ["Si"], [[0, 0, 0]]).to(str(file))
    return file


@pytest.fixture
def pseudos(dao: Dao, shared: Path) -> None:
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    assert dao("pseudos", "install", "--from", str(source)).code == 0


@pytest.mark.dft
def test_a_file_is_computed_once_labelled_and_found_by_its_id(
    dao: Dao, silicon: Path, pseudos: None, tmp_path: Path
) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    (tmp_path / "broken.cif").write_text("not a crystal")
    first = dao("validate", "Si.cif", "broken.cif", *STATIC, "--json")
    assert first.code == 4, first.err
    (row,) = first.result["structures"]
    assert (row["state"], row["space_group"], row["z"]) == ("done", "Fd-3m", 2)
    assert row["energy_per_atom"] == pytest.approx(-115.1, abs=0.1)
    assert (row["steps"], row["energy_before"], row["stop_reason"]) == (0, None, "converged")
    assert row["pressure"] < 0, "a stretched crystal pulls"
    assert first.result["level"] == row["level"]
    assert row["level"].startswith("qe-pbe-pseudodojo-pbe-sr-0.4.1-standard-fast@")
    assert [failure["file"] for failure in first.result["failures"]] == ["broken.cif"]
    assert len(Structure.from_file(row["cif"])) == 2
    with open_store(tmp_path / "home") as store:
        validation = store.get(ValidationDocument, row["validation_id"])
        (label,) = store.find(LabelDocument, {"validation_id": row["validation_id"]})
        assert validation is not None
        assert validation.label_id == label.label_id
        assert b'"ionic_steps"' in store.blobs.get(validation.blobs["task.json"])
    assert validation.output_hash is not None
    assert (label.level, label.source) == (row["level"], "validation")
    assert label.forces == pytest.approx(np.zeros((2, 3)), abs=1e-3)
    slope = np.trace(label.stress) / 3
    assert slope == pytest.approx(-row["pressure"] / 160.2177, rel=1e-4)

    # By its id, from another machine's point of view: only the store remembers.
    shutil.rmtree(tmp_path / "home" / "validations")
    again = dao("validate", row["structure_id"], *STATIC, "--json")
    assert again.code == 0, again.err
    assert again.result["structures"][0]["reused"]
    assert again.result["core_hours"] == 0.0


def test_what_is_missing_is_said_with_exit_code_3(
    dao: Dao, silicon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_PW_COMMAND", "absent-pw.x")
    answer = dao("validate", "Si.cif", "--json")
    assert answer.code == 3
    assert "'absent-pw.x' is not on the PATH" in answer.result["error"]
    stand_in = tmp_path / "pw.x"
    stand_in.write_text("#!/bin/sh\necho '     Program PWSCF v.7.2 starts'\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("DAO_PW_COMMAND", str(stand_in))
    answer = dao("validate", "Si.cif")
    assert answer.code == 3
    assert "dao pseudos install" in answer.err
    monkeypatch.setenv("DAO_VASP_COMMAND", "sh")
    monkeypatch.setattr("dft_inputs.vasp.potcar.SETTINGS", {})
    answer = dao("validate", "Si.cif", "--code", "vasp")
    assert answer.code == 3
    assert "PMG_VASP_PSP_DIR is not set" in answer.err
    monkeypatch.setenv("DAO_VASP_COMMAND", "absent-vasp")
    assert "DAO_VASP_COMMAND" in dao("validate", "Si.cif", "--code", "vasp").err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("c-00000000000000000000",), "neither a file nor the id"),
        (("Si.cif", "--code", "abinit"), "--code"),
        (("Si.cif", "--protocol", "best"), "--protocol"),
        (("Si.cif", "--core-hours", "0"), "--core-hours"),
    ],
)
def test_wrong_input_is_named(dao: Dao, silicon: Path, words: tuple[str, ...], text: str) -> None:
    answer = dao("validate", *words)
    assert answer.code == 2
    assert text in answer.err


def test_a_missing_element_of_the_only_crystal_ends_with_3(
    dao: Dao, pseudos: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    Structure(Lattice.cubic(3.4), ["Pu"], [[0, 0, 0]]).to(str(tmp_path / "Pu.cif"))
    answer = dao("validate", "Pu.cif", *STATIC)
    assert answer.code == 3
    assert "has no Pu" in answer.err


def test_a_campaign_that_could_not_do_its_dft_does_not_begin(
    dao: Dao, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = dao("campaign", "Al", "--dft", "abinit").err
    assert "'--dft': 'abinit' is not one of 'none', 'qe', 'vasp' (see" in refused
    monkeypatch.setenv("DAO_PW_COMMAND", "absent-pw.x")
    emt = ("--potential", "ase:ase.calculators.emt:EMT", "--sources", "template")
    answer = dao("campaign", "Al", "--max-atoms", "1", *emt, "--dft", "qe", "--json")
    assert answer.code == 3
    assert "'absent-pw.x' is not on the PATH" in answer.result["error"]
    assert dao("store", "info", "--json").result["documents"]["candidates"] == 0


def test_a_dry_run_of_pw_x_writes_a_folder_that_can_be_copied(
    dao: Dao, silicon: Path, pseudos: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_PW_COMMAND", "no-such-pw.x")
    (tmp_path / "broken.cif").write_text("not a crystal")
    answer = dao("validate", "Si.cif", "broken.cif", "--dry-run", "--out", "inputs", "--json")
    assert answer.code == 4, answer.err
    assert [one["file"] for one in answer.result["failures"]] == ["broken.cif"]
    (row,) = answer.result["structures"]
    assert [Path(one).parent.name for one in row["inputs"]] == ["scf", "vc-relax"]
    text = Path(row["inputs"][1]).read_text()
    assert "calculation = 'vc-relax'" in " ".join(text.split())
    assert "pseudo_dir = '../pseudo'" in " ".join(text.split())
    assert [one.name for one in (tmp_path / "inputs" / "Si.cif" / "pseudo").iterdir()] == ["Si.upf"]
    assert not (tmp_path / "home" / "validations").exists()


def test_a_dry_run_of_vasp_names_its_potcars(
    dao: Dao, silicon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PMG_VASP_PSP_DIR", raising=False)
    answer = dao("validate", "Si.cif", "--code", "vasp", "--dry-run", "--out", "inputs", "--json")
    assert answer.code == 0, answer.err
    (row,) = answer.result["structures"]
    assert len(row["inputs"]) == 3
    last = Path(row["inputs"][-1]).parent
    assert "NSW = 0" in (last / "INCAR").read_text()
    assert Structure.from_file(last / "POSCAR").formula == "Si2"
    assert list(last.glob("POTCAR*"))
