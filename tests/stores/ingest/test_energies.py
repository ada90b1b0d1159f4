"""Energies of frames under other names, and of pymatgen's entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.entries.computed_entries import ComputedStructureEntry, ManualEnergyAdjustment

from stores import DaoStore
from stores.documents import LabelDocument
from stores.export import select, write_computed_entries
from stores.ingest import IngestReport, ingest, open_source

CRYSTAL = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
FRAME = (
    '2\nLattice="4.1 0 0 0 4.1 0 0 0 4.1" Properties=species:S:1:pos:R:3{columns} {said}\n{rows}'
)


def _taken(store: DaoStore, folder: Path, said: str, forces: str | None = None) -> IngestReport:
    """What becomes of a frame whose comment says this."""
    more = " 0.1 0 0" if forces else ""
    rows = f"Cs 0 0 0{more}\nCl 2.05 2.05 2.05{more}\n"
    columns = f":{forces}:R:3" if forces else ""
    (folder / "a.extxyz").write_text(FRAME.format(columns=columns, said=said, rows=rows))
    return ingest(store, open_source(str(folder), level="t"))


@pytest.mark.parametrize(
    "name", ["REF_energy", "dft_energy", "Energy", "energy_vasp", "total_energy", "free_energy"]
)
def test_other_names_of_an_energy_are_taken_and_told(
    store: DaoStore, tmp_path: Path, name: str
) -> None:
    report = _taken(store, tmp_path, f"{name}=-8.0 charge=0.5")
    assert report.notes == {f"the energy is {name}": 1}
    assert next(store.find(LabelDocument)).energy_per_atom == -4.0


def test_forces_and_stress_follow_the_name(store: DaoStore, tmp_path: Path) -> None:
    stress = 'REF_stress="1 0 0 0 2 0 0 0 3" energy_free=1'
    _taken(store, tmp_path, f"REF_energy=-8.0 {stress}", "REF_forces")
    label = next(store.find(LabelDocument))
    assert label.forces == [[0.1, 0, 0], [0.1, 0, 0]]
    assert label.stress == [[1, 0, 0], [0, 2, 0], [0, 0, 3]]


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ("REF_energy=-8.0 dft_energy=-9.0", "it may be any of REF_energy, dft_energy"),
        ("formation_energy=-1.0", "no energy; its numbers are formation_energy"),
    ],
)
def test_what_is_not_taken_is_told(store: DaoStore, tmp_path: Path, said: str, note: str) -> None:
    report = _taken(store, tmp_path, said)
    assert note in next(iter(report.notes))
    assert (store.labels.count(), store.candidates.count()) == (0, 1)


def test_a_crystal_alone_is_a_candidate_without_a_note(store: DaoStore, tmp_path: Path) -> None:
    assert _taken(store, tmp_path, 'pbc="T T T"').notes == {}
    (tmp_path / "b.json").write_text(json.dumps([CRYSTAL.as_dict()]))
    ingest(store, open_source(str(tmp_path / "b.json")))
    assert (store.labels.count(), store.candidates.count()) == (0, 1)


def test_entries_of_pymatgen_with_their_corrections(store: DaoStore, tmp_path: Path) -> None:
    entry = ComputedStructureEntry(
        CRYSTAL, -6.0, energy_adjustments=[ManualEnergyAdjustment(-1.0)], entry_id="e-1",
        data={"level": "pbe-corrected", "e_above_hull": 0.1},
    )  # fmt: skip
    (tmp_path / "entries.json").write_text(json.dumps({"entries": [entry.as_dict()]}))
    report = ingest(store, open_source(str(tmp_path / "entries.json")))
    assert report.notes == {"the energy holds the correction of its entry": 1}
    label = next(store.find(LabelDocument))
    assert (label.source_id, label.level, label.energy_per_atom) == ("e-1", "pbe-corrected", -3.5)
    assert label.energy_above_hull == 0.1


@pytest.mark.parametrize(
    ("more", "energy"),
    [({"jid": "J", "optb88vdw_total_energy": -3.0}, -3.0), ({"energy_per_atom": -2.0}, -2.0)],
)
def test_records_around_a_structure(
    store: DaoStore, tmp_path: Path, more: dict[str, Any], energy: float
) -> None:
    (tmp_path / "r.json").write_text(json.dumps([{"structure": CRYSTAL.as_dict(), **more}]))
    ingest(store, open_source(str(tmp_path / "r.json"), level="t"))
    assert next(store.find(LabelDocument)).energy_per_atom == energy


def test_energies_of_records_that_are_not_taken_are_told(store: DaoStore, tmp_path: Path) -> None:
    record = {"structure": CRYSTAL.as_dict(), "final_energy": -6.0}
    (tmp_path / "r.json").write_text(json.dumps([record]))
    report = ingest(store, open_source(str(tmp_path / "r.json")))
    assert report.notes == {"no energy_per_atom; final_energy is kept as a property": 1}


def test_own_export_can_be_taken_in_again(store: DaoStore, tmp_path: Path) -> None:
    _taken(store, tmp_path, "energy=-8.0")
    file = tmp_path / "own.json"
    write_computed_entries(select(store, {}, LabelDocument), file)
    before = next(store.find(LabelDocument))
    report = ingest(store, open_source(str(file)))
    assert (report.rejections, report.notes, report.labels) == ([], {}, {})
    assert next(store.find(LabelDocument)).label_id == before.label_id
