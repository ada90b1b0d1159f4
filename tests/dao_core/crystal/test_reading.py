from __future__ import annotations

from pathlib import Path

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk
from pymatgen.core import Lattice, Structure

from dao_core.crystal.reading import read_structures


@pytest.fixture
def disordered_cif(tmp_path: Path) -> Path:
    alloy = Structure(Lattice.cubic(3), [{"Fe": 0.5, "Ni": 0.5}], [[0, 0, 0]])
    file = tmp_path / "alloy.cif"
    alloy.to(str(file))
    return file


@pytest.mark.parametrize("name", ["a.cif", "a.vasp", "POSCAR", "CONTCAR.relaxed"])
def test_each_format_gives_the_structure_back(tmp_path: Path, rutile: Structure, name: str) -> None:
    file = tmp_path / name
    rutile.to(str(file), fmt="cif" if name.endswith("cif") else "poscar")
    reading = read_structures([file])
    assert reading.failures == []
    assert reading.structures[0].source == str(file)
    assert reading.structures[0].structure.matches(rutile)


def test_every_frame_of_an_xyz_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "frames.extxyz"
    ase.io.write(file, [bulk("Si"), bulk("Cu"), Atoms("H2", [[0, 0, 0], [0.7, 0, 0]])])
    reading = read_structures([file])
    found = [(named.source, named.structure.formula) for named in reading.structures]
    assert found == [(str(file), "Si2"), (f"{file}#2", "Cu1")]
    assert reading.failures[0].source == f"{file}#3"
    assert "no lattice" in reading.failures[0].reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.cif", b"garbage"),
        ("empty.cif", b""),
        ("binary.cif", bytes(range(256))),
        ("bad.vasp", b"Mg\n1\n1 0\n"),
        ("bad.xyz", b"3\n\nX\n"),
    ],
)
def test_unreadable_file_is_named_and_the_others_go_on(
    tmp_path: Path, rocksalt: Structure, name: str, content: bytes
) -> None:
    bad, good = tmp_path / name, tmp_path / "good.cif"
    bad.write_bytes(content)
    rocksalt.to(str(good))
    reading = read_structures([bad, good])
    assert [failure.source for failure in reading.failures] == [str(bad)]
    assert reading.failures[0].reason.startswith("not readable as")
    assert [named.source for named in reading.structures] == [str(good)]


def test_disordered_structure_is_named(disordered_cif: Path) -> None:
    reading = read_structures([disordered_cif])
    assert reading.structures == []
    assert "disordered" in reading.failures[0].reason


def test_block_without_structure_does_not_cost_the_other_blocks(
    tmp_path: Path, rocksalt: Structure
) -> None:
    file = tmp_path / "two.cif"
    file.write_text(rocksalt.to(fmt="cif") + "\ndata_bad\n_cell_length_a 3\n")
    reading = read_structures([file])
    assert len(reading.structures) == 1
    assert reading.failures[0].source == f"{file}#2"


def test_missing_unknown_and_empty_are_three_failures(tmp_path: Path) -> None:
    unknown = tmp_path / "notes.txt"
    unknown.write_text("hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    reasons = [f.reason for f in read_structures([tmp_path / "no.cif", unknown, empty]).failures]
    assert "no such file" in reasons[0]
    assert "unknown kind" in reasons[1]
    assert "holds no CIF" in reasons[2]


def test_own_results_below_a_folder_are_left_out_and_told(
    tmp_path: Path, rocksalt: Structure, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "relaxed").mkdir()
    result = tmp_path / "relaxed" / f"MgO_c-{'0a' * 10}.cif"
    for file in (tmp_path / "mine.cif", tmp_path / "relaxed" / "theirs_c-1.cif", result):
        rocksalt.to(str(file))
    names = [Path(named.source).name for named in read_structures([tmp_path]).structures]
    assert names == ["mine.cif", "theirs_c-1.cif"]
    assert "1 results of earlier commands" in caplog.text
    assert len(read_structures([tmp_path / "relaxed"]).structures) == 2


def test_folder_is_read_in_the_order_of_names(tmp_path: Path, rocksalt: Structure) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("b.cif", "a.cif", "inner/c.cif"):
        rocksalt.to(str(tmp_path / name))
    (tmp_path / "README.md").write_text("not a structure")
    reading = read_structures([tmp_path])
    names = [Path(named.source).name for named in reading.structures]
    assert names == ["a.cif", "b.cif", "c.cif"]
    assert reading.failures == []
