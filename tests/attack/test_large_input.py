"""Large files and folders: refused or streamed, memory bounded."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from dao_core.crystal import reading
from dao_core.crystal.reading import read_structures
from stores import open_store
from stores.ingest import ingest, open_source

HEAD = """data_large
_cell_length_a 100
_cell_length_b 100
_cell_length_c 100
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
"""
READ = """
import sys
from pathlib import Path
from dao_core.crystal.reading import read_structures
(failure,) = read_structures([Path(sys.argv[1])]).failures
print(failure.reason)
"""


def _reason(file: Path) -> str:
    """Why a file is refused, by a process that has a gigabyte beyond what it starts with."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (2 * 10**9, 2 * 10**9))

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        capture_output=True, text=True, check=False, preexec_fn=bounded, env=environment,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cif_of_50000_atoms_is_refused(tmp_path: Path) -> None:
    rows = (
        f"Si{i} Si {i % 37 / 37:.5f} {i % 41 / 41:.5f} {i / 50_000:.5f}\n" for i in range(50_000)
    )
    (tmp_path / "large.cif").write_text(HEAD + "".join(rows))
    assert "atoms in one crystal" in _reason(tmp_path / "large.cif")


def test_a_cif_of_100_megabytes_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large.cif").open("w") as file:
        for _ in range(100):
            file.write(HEAD + "# nothing\n" * 100_000)
    assert "split it" in _reason(tmp_path / "large.cif")


@pytest.mark.parametrize("name", ["large.xyz", "POSCAR"])
def test_other_files_of_50000_atoms_are_refused(tmp_path: Path, name: str) -> None:
    row = "Si 1.0 2.0 3.0\n"
    head = '50000\nLattice="100 0 0 0 100 0 0 0 100" Properties=species:S:1:pos:R:3\n'
    if name == "POSCAR":
        row, head = "0.1 0.2 0.3\n", "x\n1.0\n100 0 0\n0 100 0\n0 0 100\nSi\n50000\nDirect\n"
    (tmp_path / name).write_text(head + row * 50_000)
    assert "50000 atoms in one crystal" in _reason(tmp_path / name)


def test_long_loops_of_reflections_are_no_atoms(tmp_path: Path) -> None:
    crystal = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    text = str(CifWriter(crystal)) + "loop_\n _refln_index_h\n _refln_index_k\n" + "1 2\n" * 20_000
    (tmp_path / "measured.cif").write_text(text)
    (one,) = read_structures([tmp_path / "measured.cif"]).structures
    assert one.structure.formula == "Cs1 Cl1"


def test_a_folder_of_10000_files_is_read_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crystal = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    text = crystal.to(fmt="poscar")
    for number in range(10_000):
        (tmp_path / f"{number:05d}.vasp").write_text(text)
    opened: list[Path] = []
    read: Callable[..., None] = reading._read_file

    def counted(file: Path, found: reading.Reading) -> None:
        opened.append(file)
        read(file, found)

    monkeypatch.setattr(reading, "_read_file", counted)
    with open_store("memory://") as store:
        for _ in range(2):
            ingest(store, open_source(str(tmp_path)), limit=5)
        names = [file.name for file in opened]
        assert names == [f"{n:05d}.vasp" for n in (*range(5), *range(4, 10))]
        assert store.candidates.count() == 1
