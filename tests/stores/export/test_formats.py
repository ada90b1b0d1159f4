"""Files of the field's formats carry ids and energies."""

from __future__ import annotations

from pathlib import Path

import ase.io
import pandas as pd
import pytest
from monty.serialization import loadfn
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from dao_core.errors import InputError
from stores.builders import HullBuilder
from stores.documents import ManifestDocument, StructureDocument, ThermoDocument
from stores.export import FORMATS, select
from stores.query import parse_query


@pytest.fixture
def selection(store, rocksalt, element, put_label):
    """Three structures of the hull, the stable ones first."""
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -2.0)
    put_label(store, rocksalt(4.2), -4.0)
    HullBuilder(store).build()
    query = parse_query("e_above_hull<0.05", ThermoDocument)
    return list(select(store, query, sort={"formula": 1}))


def test_cif(selection, tmp_path: Path) -> None:
    files = FORMATS["cif"](selection, tmp_path / "cifs")
    assert len(files) == len({*files}) == 3
    for file, one in zip(files, selection, strict=True):
        assert StructureMatcher(scale=False).fit(Structure.from_file(file), one.structure)


def test_extxyz(selection, tmp_path: Path) -> None:
    (file,) = FORMATS["extxyz"](selection, tmp_path / "all.extxyz")
    frames = ase.io.read(file, index=":")
    assert [frame.info["id"] for frame in frames] == [one.id for one in selection]
    oxide = next(frame for frame in frames if len(frame) == 2)
    assert oxide.get_potential_energy() == pytest.approx(-8.0)


def test_parquet(selection, tmp_path: Path) -> None:
    (file,) = FORMATS["parquet"](selection, tmp_path / "all.parquet")
    table = pd.read_parquet(file)
    assert list(table["id"]) == [one.id for one in selection]
    assert set(table["level"]) == {"test"}
    assert [len(numbers) for numbers in table["atomic_numbers"]] == [
        len(one.structure) for one in selection
    ]


def test_computed_structure_entries(selection, tmp_path: Path) -> None:
    (file,) = FORMATS["entries"](selection, tmp_path / "entries.json")
    entries = {entry.entry_id: entry for entry in loadfn(file)}
    for one in selection:
        assert entries[one.id].energy_per_atom == pytest.approx(one.facts["energy_per_atom"])
        assert entries[one.id].data["level"] == "test"


def test_what_cannot_be_exported(store, rocksalt, tmp_path: Path) -> None:
    store.put(StructureDocument.from_structure(rocksalt()))
    plain = select(store, {}, StructureDocument)
    with pytest.raises(InputError, match="has no energy"):
        FORMATS["entries"](plain, tmp_path / "x.json")
    with pytest.raises(InputError, match="have no structures"):
        next(select(store, {}, ManifestDocument))
