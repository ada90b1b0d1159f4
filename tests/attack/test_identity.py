"""Identity from names: files, runs and databases whose names are the same never replace another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from flows.cli.app import main
from stores import open_store
from stores.builders import HullBuilder
from stores.documents import CandidateDocument, EventDocument, LabelDocument, ThermoDocument

CSCL = Structure(Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
NIAL = Structure(Lattice.cubic(2.88), ["Ni", "Al"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Address of a store that is not there yet."""
    return str(tmp_path / "store")


@pytest.fixture
def take(store: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """`dao ingest` of some words; what it says as JSON."""

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        assert main(["ingest", *words, "--store", store, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


def _frame(file: Path, crystal: Structure, energy: float) -> None:
    """An extended XYZ with an energy, eV per cell."""
    file.parent.mkdir(parents=True, exist_ok=True)
    atoms = AseAtomsAdaptor.get_atoms(crystal)
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    ase.io.write(file, atoms)


def test_two_poscars_of_one_name_are_two_candidates(
    tmp_path: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    for folder, crystal in (("a", CSCL), ("b", NIAL)):
        (tmp_path / folder).mkdir()
        crystal.to(str(tmp_path / folder / "POSCAR"), fmt="poscar")
        written = take(str(tmp_path / folder / "POSCAR"))["written"]
        assert (written["inserted"], written["updated"]) == (2, 0)
    shutil.copy(tmp_path / "a" / "POSCAR", tmp_path / "POSCAR-again")
    assert take(str(tmp_path / "POSCAR-again"))["written"]["inserted"] == 0
    with open_store(store) as opened:
        assert {one.formula for one in opened.find(CandidateDocument)} == {"CsCl", "AlNi"}


def test_two_xyz_of_one_name_are_two_labels_and_thermo_cites_its_own(
    tmp_path: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    _frame(tmp_path / "x" / "data.extxyz", CSCL, -6.0)
    _frame(tmp_path / "y" / "data.extxyz", NIAL, -11.0)
    take(str(tmp_path / "x" / "data.extxyz"), "--level", "l")
    with open_store(store) as opened:
        HullBuilder(opened).build()
    told = take(str(tmp_path / "y" / "data.extxyz"), "--level", "l")
    assert (told["written"]["updated"], told["labels"]) == (0, {"l": 1})
    (tmp_path / "z").mkdir()
    shutil.copy(tmp_path / "x" / "data.extxyz", tmp_path / "z" / "other.extxyz")
    assert take(str(tmp_path / "z"), "--level", "l")["written"]["inserted"] == 0
    with open_store(store) as opened:
        HullBuilder(opened).build()
        labels = {one.label_id: one for one in opened.find(LabelDocument)}
        assert {one.formula for one in labels.values()} == {"CsCl", "AlNi"}
        for thermo in opened.find(ThermoDocument):
            (source,) = thermo.sources
            assert labels[source["id"]].structure_id == thermo.structure_id


def test_runs_of_one_name_in_two_folders_are_two_labels(
    tmp_path: Path, shared: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    recorded = shared / "qe_recorded"
    for name in ("Si", "MgO"):
        (tmp_path / f"run{name}" / "out").mkdir(parents=True)
        run = recorded / f"{name}_scf" / f"{name}.xml"
        shutil.copy(run, tmp_path / f"run{name}" / "out" / "pwscf.xml")
        take(f"qe:{tmp_path / f'run{name}'}")
    with open_store(store) as opened:
        assert {one.formula for one in opened.find(LabelDocument)} == {"Si", "MgO"}
    told = take(f"qe:{tmp_path}")
    assert (told["read"], told["written"]["inserted"]) == (2, 0)


def test_vasp_runs_of_one_name_in_two_folders_are_two_labels(
    tmp_path: Path, shared: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    runs = sorted((shared / "vasp_recorded").rglob("vasprun.xml.gz"))
    assert len(runs) > 1
    for number, run in enumerate(runs):
        (tmp_path / str(number)).mkdir()
        shutil.copy(run, tmp_path / str(number) / "vasprun.xml.gz")
        take(f"vasp:{tmp_path / str(number)}", "--level", "l")
    with open_store(store) as opened:
        before = {one.id: one for one in opened.find(LabelDocument)}
    assert len({one.energy_per_atom for one in before.values()}) == len(before) > 1
    told = take(f"vasp:{tmp_path}", "--level", "l")
    assert told["written"]["inserted"] == 0


def test_two_records_of_one_id_are_two_labels(
    tmp_path: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    records = [
        {
            "id": "r-1",
            "lattice": (crystal.lattice.matrix * scale).tolist(),
            "atomic_numbers": list(crystal.atomic_numbers),
            "frac_coords": crystal.frac_coords.tolist(),
            "energy_per_atom": -5.0 + scale,
        }
        for crystal, scale in ((CSCL, 1.0), (CSCL, 1.02), (NIAL, 1.0))
    ]
    (tmp_path / "records.json").write_text(json.dumps([*records, records[0]]))
    assert take(str(tmp_path / "records.json"), "--level", "t")["labels"] == {"t": 3}
    with open_store(store) as opened:
        assert opened.labels.count() == 3


def test_rejections_of_two_files_of_one_name_are_both_kept(
    tmp_path: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bad.cif").write_text("nothing")
        take(str(tmp_path / folder / "bad.cif"), code=4)
    with open_store(store) as opened:
        assert len(list(opened.find(EventDocument, {"kind": "ingest_rejected"}))) == 2


def test_a_file_that_was_replaced_in_the_middle_is_read_from_its_beginning(
    tmp_path: Path, store: str, take: Callable[..., dict[str, Any]]
) -> None:
    def records(*energies: float) -> str:
        return json.dumps([
            {"lattice": NIAL.lattice.matrix.tolist(), "atomic_numbers": [28, 13],
             "frac_coords": NIAL.frac_coords.tolist(), "energy_per_atom": energy}
            for energy in energies
        ])  # fmt: skip

    file = tmp_path / "records.json"
    file.write_text(records(-1.0, -2.0, -3.0))
    take(str(file), "--level", "t", "--limit", "2")
    file.write_text(records(-7.25, -8.25, -9.25))
    take(str(file), "--level", "t")
    with open_store(store) as opened:
        energies = {one.energy_per_atom for one in opened.find(LabelDocument)}
    assert energies == {-1.0, -2.0, -7.25, -8.25, -9.25}
