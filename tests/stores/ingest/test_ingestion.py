"""Taking in: idempotent, resumable, nothing rejected in silence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.errors import InputError, MissingError
from stores import DaoStore, open_store
from stores.documents import CandidateDocument, EventDocument, IngestDocument, LabelDocument
from stores.export import select, write_extxyz_file
from stores.ingest import Entry, ingest, open_source


def _record(structure: Structure, number: int, **labels: Any) -> dict[str, Any]:
    return {
        "material_id": f"x-{number}",
        "lattice": structure.lattice.matrix.tolist(),
        "atomic_numbers": list(structure.atomic_numbers),
        "frac_coords": structure.frac_coords.tolist(),
        **labels,
    }


@pytest.fixture
def record_file(tmp_path: Path, rocksalt: Callable[..., Structure]) -> Path:
    """Three good records and three bad ones."""
    records = [_record(rocksalt(4 + n / 10), n, e_above_hull=0.1 * n, tc=n) for n in range(3)]
    crowded = rocksalt()
    crowded.translate_sites([1], [0.5, 0.5, 0.49])
    records += [{"material_id": "no-lattice"}, _record(crowded, 8), "text"]
    file = tmp_path / "set.json.gz"
    file.write_bytes(
        gzip.compress(json.dumps({"meta": {"licence": "CC"}, "records": records}).encode())
    )
    return file


def test_records_and_their_reasons(store: DaoStore, record_file: Path) -> None:
    report = ingest(store, open_source(str(record_file), level="pbe"))
    assert report.read == 6
    assert report.labels == {"pbe": 3}
    assert report.rejected == {"unreadable_structure": 1, "too_close": 1, "not_a_record": 1}
    labels = list(store.find(LabelDocument, sort={"source_id": 1}))
    assert [one.energy_above_hull for one in labels] == [0.0, 0.1, 0.2]
    assert labels[2].properties == {"tc": 2}
    assert (labels[0].level, labels[0].licence) == ("pbe", "CC")
    events = {one.subject: one.reason for one in store.find(EventDocument)}
    assert events["records:set/x-8"] == "too_close"
    assert len(events) == 3


def test_twice_equals_once(store: DaoStore, record_file: Path) -> None:
    ingest(store, open_source(str(record_file)))
    again = ingest(store, open_source(str(record_file)))
    assert (again.read, again.written.inserted, again.labels) == (6, 0, {})
    assert store.labels.count() == 3
    assert store.events.count() == 3


def test_interrupted_ingest_goes_on_where_it_stopped(
    store: DaoStore, rocksalt: Callable[..., Structure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.ingest.ingestion.BATCH", 10)

    class Interrupted:
        name, licence = "numbers", None
        stop_at = 15

        def __init__(self) -> None:
            self.parameters = {"n": 1}
            self.asked: list[str | None] = []

        def entries(self, cursor: str | None) -> Iterator[Entry]:
            self.asked.append(cursor)
            for number in range(int(cursor or 0), 23):
                if number == self.stop_at:
                    raise ConnectionError
                reason = None if number % 5 else "unlucky"
                facts = {"energy_per_atom": -float(number)}
                yield Entry(str(number), rocksalt(), "x", facts, reason, cursor=str(number + 1))

    source = Interrupted()
    with pytest.raises(ConnectionError):
        ingest(store, source)
    source.stop_at = 1000
    report = ingest(store, source)
    assert source.asked == [None, "10"]
    assert report.read == 13
    state = next(store.find(IngestDocument))
    assert (state.read, state.rejected, state.finished) == (23, {"unlucky": 5}, True)
    assert store.labels.count() == 18


def test_what_a_database_says_anew_withdraws_what_it_said(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    class Database:
        name, licence = "numbers", None
        energies = (-4.0, -5.0)

        def __init__(self) -> None:
            self.parameters: dict[str, Any] = {}

        def entries(self, _cursor: str | None) -> Iterator[Entry]:
            for number, energy in enumerate(self.energies):
                facts = {"energy_per_atom": energy}
                yield Entry(str(number), rocksalt(), "x", facts, cursor="", renews=True)

    database = Database()
    ingest(store, database)
    database.energies = (-4.5, -5.0)
    assert ingest(store, database).written.updated == 0
    assert {one.energy_per_atom for one in store.find(LabelDocument)} == {-4.5, -5.0}
    assert store.labels.count({"withdrawn": {"$regex": "replaced by l-"}}) == 1
    database.energies = (-4.0, -5.0)
    ingest(store, database)
    assert {one.energy_per_atom for one in store.find(LabelDocument)} == {-4.0, -5.0}


def test_benchmark_csv(store: DaoStore, tmp_path: Path, rocksalt) -> None:
    cif = str(CifWriter(rocksalt())).replace('"', '""')
    file = tmp_path / "mp_20.csv"
    file.write_text(
        "material_id,formation_energy_per_atom,e_above_hull,cif\n"
        f'mp-1,-2.5,0.0,"{cif}"\nmp-2,-1.0,0.2,broken\n'
    )
    report = ingest(store, open_source(str(file)))
    assert report.rejected == {"unreadable_structure": 1}
    label = next(store.find(LabelDocument))
    assert (label.source_id, label.formation_energy_per_atom) == ("mp-1", -2.5)
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no column 'cif'"):
        ingest(store, open_source(str(file)))


def test_structure_files(store: DaoStore, tmp_path: Path, rocksalt) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    CifWriter(rocksalt(4.2)).write_file(folder / "a.cif")
    rocksalt(4.9, ("Na", "Cl")).to(str(folder / "POSCAR"), fmt="poscar")
    (folder / "bad.cif").write_text("nothing")
    report = ingest(store, open_source(str(folder)))
    assert report.rejected == {"unreadable_file": 1}
    origins = {one.origin for one in store.find(CandidateDocument)}
    assert origins == {"user:a.cif", "user:POSCAR"}
    assert store.structures.count() == 2
    assert ingest(store, open_source(str(folder))).written.inserted == 0


@pytest.mark.parametrize("text", ["nothing.cif", "vasp:/nowhere", "mp:Mg-O", "optimade:ftp://x"])
def test_wrong_sources(text: str) -> None:
    with pytest.raises((InputError, MissingError)):
        open_source(text)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file \*\.xml"):
        open_source(f"qe:{tmp_path}")


def test_vasp_and_qe_runs(store: DaoStore, shared: Path) -> None:
    vasp = ingest(store, open_source(f"vasp:{shared / 'vasp_recorded' / 'Si_double_relax'}"))
    assert vasp.rejected == {}
    label = next(store.find(LabelDocument, {"source": "vasp"}))
    assert label.energy_per_atom == pytest.approx(-5.42, abs=0.01)
    assert label.level.startswith("vasp-gga-paw_pbe-")
    ingest(store, open_source(f"qe:{shared / 'qe_recorded' / 'MgO_scf'}"))
    label = next(store.find(LabelDocument, {"source": "qe"}))
    # 1.63e-4 Hartree/bohr^3 of pressure: the derivative of the energy by the strain is negative.
    assert label.stress[0][0] == pytest.approx(-0.02995, rel=1e-3)
    assert label.energy_per_atom == pytest.approx(-1034.72, abs=0.01)


def test_truncated_runs_are_rejected(store: DaoStore, tmp_path: Path, shared: Path) -> None:
    whole = (shared / "qe_recorded" / "MgO_scf" / "MgO.xml").read_text()
    (tmp_path / "cut.xml").write_text(whole[: len(whole) // 2])
    (tmp_path / "vasprun.xml").write_text("<modeling><generator>")
    for kind in ("qe", "vasp"):
        report = ingest(store, open_source(f"{kind}:{tmp_path}"))
        assert sum(report.rejected.values()) >= 1
        assert report.written.inserted == sum(report.rejected.values())
    assert store.labels.count() == 0


def test_energies_of_extended_xyz_are_labels(store: DaoStore, tmp_path: Path) -> None:
    frames = []
    for a in (3.5, 3.7):
        atoms = bulk("Cu", a=a) * (2, 1, 1)
        atoms.rattle(0.05, seed=1)
        atoms.calc = EMT()
        atoms.get_forces()
        atoms.get_stress()
        frames.append(atoms)
    ase.io.write(tmp_path / "cu.extxyz", [*frames, bulk("Cu", a=3.6)])
    report = ingest(store, open_source(str(tmp_path / "cu.extxyz"), level="emt"))
    assert (report.read, report.rejected) == (3, {})
    first, second = store.find(LabelDocument, {"level": "emt"}, sort={"source_id": 1})
    assert first.energy_per_atom == pytest.approx(frames[0].get_potential_energy() / 2)
    assert np.allclose(first.forces, frames[0].get_forces(), atol=1e-6)
    assert np.allclose(second.stress, frames[1].get_stress(voigt=False), atol=1e-6)
    assert first.stress[0][0] < 0 < second.stress[0][0], "squeezed, then stretched"
    assert store.candidates.count() == 1
    ingest(store, open_source(str(tmp_path)))
    assert "file:" in {one.level[:5] for one in store.find(LabelDocument)}


def test_what_was_exported_comes_back_at_its_level(
    store: DaoStore, tmp_path: Path, rocksalt: Callable[..., Structure], put_label
) -> None:
    put_label(store, rocksalt(), -5.0, "qe-pbe")
    write_extxyz_file(select(store, {}, LabelDocument), tmp_path / "out.extxyz")
    with open_store("memory://") as other:
        ingest(other, open_source(str(tmp_path / "out.extxyz")))
        (label,) = other.find(LabelDocument)
    assert (label.level, label.energy_per_atom) == ("qe-pbe", pytest.approx(-5.0))
