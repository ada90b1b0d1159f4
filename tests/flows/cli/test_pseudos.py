"""``dao pseudos``: install from an archive, list, check, and what is said otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dft_inputs.pseudos.upf import read_upf

Dao = Callable[..., Any]
FAMILY = "pseudodojo-pbe-sr-0.4.1-standard"


@pytest.fixture
def three(shared: Path, tmp_path: Path) -> Path:
    """A folder with the pseudopotentials of three elements."""
    folder = tmp_path / "dojo"
    folder.mkdir()
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    for element in ("Mg", "O", "Si"):
        shutil.copy(next(source.glob(f"{element}.*")), folder)
    return folder


def test_install_list_and_check(dao: Dao, three: Path) -> None:
    assert dao("pseudos", "check").code == 3
    archive = shutil.make_archive(str(three), "gztar", three)
    installed = dao("pseudos", "install", FAMILY, "--from", archive, "--json")
    assert installed.code == 0, installed.err
    assert installed.result["elements"] == ["Mg", "O", "Si"]
    assert "Fe" in installed.result["missing"]
    listed = {row["family"]: row for row in dao("pseudos", "list", "--json").result["families"]}
    assert listed[FAMILY]["elements"] == ["Mg", "O", "Si"]
    assert not listed["sssp-pbe-efficiency-1.3.0"]["installed"]
    assert dao("pseudos", "check").code == 0
    damaged = Path(listed[FAMILY]["folder"]) / "O.upf"
    damaged.write_text(damaged.read_text() + "\n")
    answer = dao("pseudos", "check", "--json")
    assert answer.code == 4
    assert "O.upf is not the file" in answer.result["families"][0]["problems"][0]


def test_wrong_sources_are_named(dao: Dao, three: Path, tmp_path: Path) -> None:
    assert dao("pseudos", "install", "no-such-family").code == 2
    absent = dao("pseudos", "install", "--from", str(tmp_path / "absent"))
    assert absent.code == 3
    assert "absent" in absent.err
    for file in list(three.iterdir()):
        (three / f"{file.name.partition('.')[0]}.upf").write_bytes(read_upf(file) + b"changed")
        file.unlink()
    assert "checksum" in dao("pseudos", "install", "--from", str(three)).err
