"""Extended XYZ files."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.formats.parsed import Parsed, check_atoms, open_text
from dao_core.errors import InputError

COLUMNS = re.compile(r":[RISL]:\s*(\d[\d_]*)")
MOST_COLUMNS = 10_000


def parse_xyz(file: Path) -> list[Parsed | str]:
    """Every frame of an extended XYZ; what is no crystal, as the reason why.

    Raises:
        InputError: a frame says more atoms than lines follow, or absurdly many columns.
    """
    _check_counts(file)
    with open_text(file) as lines:
        frames = ase.io.read(lines, index=":", format="extxyz")
    return [_crystal(atoms) for atoms in frames]


def _crystal(atoms: Atoms) -> Parsed | str:
    """The crystal of a frame, or why it is none."""
    if np.linalg.matrix_rank(atoms.cell.array) < 3:
        return "no lattice: give Lattice=... with three vectors in its comment line"
    if not atoms.pbc.all():
        along = " ".join("FT"[int(one)] for one in atoms.pbc)
        return f'pbc="{along}": a crystal is periodic in three directions (T T T)'
    return Parsed(AseAtomsAdaptor.get_structure(atoms))


def _check_counts(file: Path) -> None:
    """Refuse numbers of atoms and columns that ASE would count up to for hours.

    Raises:
        InputError: as :func:`parse_xyz`.
    """
    with open_text(file) as lines:
        for header in lines:
            if header.lstrip().startswith("VEC"):  # lattice vectors may stand behind the atoms
                continue
            if not header.strip():
                return
            atoms, comment = int(header), next(lines, "")
            columns = max(map(int, COLUMNS.findall(comment)), default=0)
            if columns > MOST_COLUMNS:
                raise InputError(f"Properties with {columns} columns: {comment.strip()[:80]}")
            found = sum(1 for _ in islice(lines, min(max(atoms, 0), 2**62)))
            if found < atoms:
                raise InputError(f"a frame says {atoms} atoms, but {found} lines follow")
            check_atoms(atoms)
