from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from pymatgen.core import Structure

from dao_core.errors import InputError
from dao_core.evaluation.sets import BenchmarkSet, Reference, read_set


def record(material_id: str, structure: Structure) -> dict[str, object]:
    return {
        "material_id": material_id,
        "lattice": structure.lattice.matrix.tolist(),
        "atomic_numbers": list(structure.atomic_numbers),
        "frac_coords": structure.frac_coords.tolist(),
    }


@pytest.fixture
def three_forms(tmp_path: Path, rocksalt: Structure, diamond: Structure) -> list[Path]:
    """One set as a CSV file, a record file and a folder."""
    crystals = {"mp-1": rocksalt, "mp-2": diamond}
    table = pd.DataFrame(
        {"material_id": list(crystals), "cif": [s.to(fmt="cif") for s in crystals.values()]}
    )
    table.to_csv(tmp_path / "set.csv", index=False)
    with gzip.open(tmp_path / "set.json.gz", "wt") as file:
        json.dump({"records": [record(name, s) for name, s in crystals.items()]}, file)
    (tmp_path / "folder").mkdir()
    for name, structure in crystals.items():
        structure.to(str(tmp_path / "folder" / f"{name}.cif"))
    return [tmp_path / "set.csv", tmp_path / "set.json.gz", tmp_path / "folder"]


def test_the_three_forms_hold_the_same_set(three_forms: list[Path], rocksalt: Structure) -> None:
    sets = [read_set(path) for path in three_forms]
    assert [s.name for s in sets] == ["set", "set", "folder"]
    for found in sets:
        assert [r.material_id for r in found.references] == ["mp-1", "mp-2"]
        assert [r.formula for r in found.references] == ["MgO", "Si"]
        assert found.references[0].structure.matches(rocksalt)
        assert found.failures == []
    assert len({s.set_hash for s in sets}) == 1


def test_hash_tells_subsets_apart(three_forms: list[Path]) -> None:
    whole, part = read_set(three_forms[0]), read_set(three_forms[0], limit=1)
    assert len(part.references) == 1
    assert whole.set_hash != part.set_hash


def test_polymorphs_alone(rocksalt: Structure, diamond: Structure) -> None:
    references = [
        Reference("large", diamond * (2, 2, 2)),
        Reference("other", rocksalt),
        Reference("first", diamond),
        Reference("second", diamond * (1, 1, 2)),
    ]
    whole = BenchmarkSet("set", references, [])
    chosen = whole.chosen(atoms=(1, 2 * len(diamond)), polymorphs=True)
    assert [r.material_id for r in chosen.references] == ["first", "second"]
    # the large cell does not count as the other entry of its formula
    assert whole.chosen(atoms=(1, len(diamond)), polymorphs=True).references == []


def test_bad_entries_are_named_and_the_others_go_on(tmp_path: Path, diamond: Structure) -> None:
    table = pd.DataFrame({"material_id": ["bad", "good"], "cif": ["x", diamond.to(fmt="cif")]})
    table.to_csv(tmp_path / "set.csv", index=False)
    found = read_set(tmp_path / "set.csv")
    assert [r.material_id for r in found.references] == ["good"]
    assert [failure.source for failure in found.failures] == ["bad"]
    records = [record("good", diamond), {"material_id": "short"}]
    broken = record("nan", diamond)
    broken["lattice"] = [[float("nan")] * 3] * 3
    (tmp_path / "set.json").write_text(json.dumps({"records": [*records, broken]}))
    found = read_set(tmp_path / "set.json")
    assert [r.material_id for r in found.references] == ["good"]
    assert len(found.failures) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("set.txt", "", "give a .csv"),
        ("set.csv", "id,cif\n1,x\n", "no column 'material_id'"),
        ("set.json", "{", "not a file of records"),
        ("set.json.gz", "not gzip", "not a file of records"),
    ],
)
def test_files_that_are_no_sets_are_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_set(tmp_path / name)


def test_missing_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_set(tmp_path / "no.csv")


def test_public_validation_set_is_read(shared: Path) -> None:
    found = read_set(shared / "data" / "validation" / "public_val.json.gz", limit=50)
    assert len(found.references) == 50
    assert found.failures == []
