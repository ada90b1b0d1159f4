"""``--out`` on a full disk, and other things that a file system refuses."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from flows.cli.app import main

REFUSED = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EFBIG]


def refuse(monkeypatch: pytest.MonkeyPatch, number: int, out: Path) -> None:
    """Have every file that is opened for writing below a folder be refused."""
    opened = open

    def refusing(file: object, mode: str = "r", *rest: object, **options: object) -> object:
        if isinstance(file, str | Path) and Path(file).is_relative_to(out) and mode != "r":
            raise OSError(number, os.strerror(number))
        return opened(file, mode, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("builtins.open", refusing)
    monkeypatch.setattr("io.open", refusing)


@pytest.mark.parametrize("number", REFUSED)
def test_out_on_a_full_disk(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copper = Structure(Lattice.cubic(3.7), ["Cu"] * 4, [[0, 0, 0], [0, 0.5, 0.5],
                                                        [0.5, 0, 0.5], [0.5, 0.5, 0]])  # fmt: skip
    copper.to(str(tmp_path / "cu.cif"))
    monkeypatch.setenv("DAO_STORE", "memory://")
    refuse(monkeypatch, number, tmp_path / "out")
    words = ["relax", str(tmp_path / "cu.cif"), "--potential", "ase:ase.calculators.emt:EMT"]
    assert main([*words, "--out", str(tmp_path / "out"), "--json"]) == 3
    said = json.loads(capsys.readouterr().out)["error"]
    assert os.strerror(number) in said
    assert "--out" in said
