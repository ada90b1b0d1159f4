from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError, MissingError
from dao_core.training.records import read_crystals


def record(structure: Structure, material_id: str, **labels: float) -> dict:
    return {
        "material_id": material_id,
        "lattice": structure.lattice.matrix.tolist(),
        "atomic_numbers": list(structure.atomic_numbers),
        "frac_coords": structure.frac_coords.tolist(),
        **labels,
    }


@pytest.fixture
def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.21), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def write(path: Path, records: list[dict]) -> Path:
    with gzip.open(path, "wt") as file:
        json.dump({"meta": {}, "records": records}, file)
    return path


def test_cells_are_reduced_and_labels_kept(tmp_path: Path, rocksalt: Structure) -> None:
    path = write(tmp_path / "toy.json.gz", [record(rocksalt, "a", e_above_hull=0.0)])
    (crystal,) = read_crystals([path], max_atoms=20).crystals
    assert sorted(crystal.atomic_numbers) == [8, 12]
    assert abs(np.linalg.det(crystal.lattice)) == pytest.approx(rocksalt.volume / 4)
    assert crystal.material_id == "toy:a"
    assert crystal.labels == {"e_above_hull": 0.0}


def test_every_crystal_left_out_is_counted(tmp_path: Path, rocksalt: Structure) -> None:
    flat = record(rocksalt, "flat") | {"lattice": [[1, 0, 0], [0, 1, 0], [0, 0, 0]]}
    swollen = rocksalt.copy()
    swollen.scale_lattice(rocksalt.volume * 1.3)
    records = [
        record(rocksalt, "a"),
        record(rocksalt * (2, 1, 1), "supercell of a"),
        record(swollen, "b"),
        flat,
        {"material_id": "empty"},
    ]
    reading = read_crystals([write(tmp_path / "toy.json.gz", records)], max_atoms=20)
    assert [crystal.material_id for crystal in reading.crystals] == ["toy:a", "toy:b"]
    assert reading.rejected == {"repeat": 1, "unreadable": 2}
    small = read_crystals([tmp_path / "toy.json.gz"], max_atoms=1)
    assert small.rejected["too many atoms"] == 3


def test_wrong_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"none\.json\.gz"):
        read_crystals([tmp_path / "none.json.gz"], 20)
    (tmp_path / "text.json.gz").write_text("hello")
    with pytest.raises(InputError, match=r"text\.json\.gz is not a record file"):
        read_crystals([tmp_path / "text.json.gz"], 20)


def test_shared_records_read(shared: Path) -> None:
    reading = read_crystals(
        [shared / "data/train/matcalc_wbm-random-pbe52-equilibrium.json.gz"], 20
    )
    assert len(reading.crystals) > 700
    assert sum(reading.rejected.values()) + len(reading.crystals) == 837


def test_spglib_may_raise_instead_of_answering_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spglib.error.OLD_ERROR_HANDLING", False)
    flat = {
        "lattice": [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
        "atomic_numbers": [1],
        "frac_coords": [[0, 0, 0]],
    }
    reading = read_crystals([write(tmp_path / "toy.json.gz", [flat])], max_atoms=20)
    assert reading.rejected == {"unreadable": 1}


def test_cells_are_remembered_exactly_and_damage_is_harmless(
    tmp_path: Path, rocksalt: Structure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("dao_core.training.reduced_cells.WORTH_KEEPING", 2)
    swollen = rocksalt.copy()
    swollen.scale_lattice(rocksalt.volume * 1.3)
    rows = [record(rocksalt, "a"), {"material_id": "empty"}, record(swollen, "b", gap=1.0)]
    path = write(tmp_path / "toy.json.gz", rows)

    def outcome() -> tuple:
        reading = read_crystals([path], max_atoms=20)
        arrays = [(c.atomic_numbers, c.frac_coords, c.lattice) for c in reading.crystals]
        flat = [array.tolist() for crystal in arrays for array in crystal]
        return flat, [c.labels for c in reading.crystals], dict(reading.rejected)

    first = outcome()
    (kept,) = (tmp_path / "cache/dao/cells").glob("*.npz")
    with monkeypatch.context() as patch:
        patch.setattr("dao_core.training.reduced_cells.niggli_primitive", pytest.fail)
        assert outcome() == first
    kept.write_bytes(kept.read_bytes()[:100])
    assert outcome() == first
    write(path, rows[:2])
    assert len(read_crystals([path], max_atoms=20).crystals) == 1, "another content, another cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    assert len(read_crystals([path], max_atoms=20).crystals) == 1, "no folder to write to"
