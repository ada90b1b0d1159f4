"""Files of other machines: marks at the beginning, letters that are no UTF-8, frames of slabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.reading import read_structures


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("suffix", ["cif", "vasp", "xyz"])
def test_every_encoding_gives_the_crystal(tmp_path: Path, suffix: str, encoding: str) -> None:
    crystal = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    if suffix == "xyz":
        text = '2\nLattice="4.1 0 0 0 4.1 0 0 0 4.1" author="Müller"\nCs 0 0 0\nCl 2.05 2.05 2.05\n'
    elif suffix == "cif":
        text = crystal.to(fmt="cif") + "_publ_author_name 'Müller'\n"
    else:
        text = crystal.to(fmt="poscar").replace("Cs1 Cl1", "Müller", 1)
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(text.encode(encoding))
    reading = read_structures([file])
    assert [one.reason for one in reading.failures] == []
    assert reading.structures[0].structure.formula == "Cs1 Cl1"


def test_a_slab_is_no_crystal(tmp_path: Path) -> None:
    file = tmp_path / "slab.extxyz"
    file.write_text('1\nLattice="3 0 0 0 3 0 0 0 20" pbc="T T F"\nCu 0 0 0\n')
    assert 'pbc="T T F"' in read_structures([file]).failures[0].reason
