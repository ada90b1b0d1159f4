"""Niggli primitive cells of a record file, remembered from one reading to the next.

Finding the primitive cells of 24 thousand crystals takes spglib two minutes of one core, and says
the same each time. All cores look for them, and they are kept in the user's cache folder under a
name that follows from the file's content, the tolerance and spglib's version; a cache that is
damaged or cannot be written changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from dao_core.crystal.niggli import SYMPREC, niggli_primitive
from dao_core.errors import InputError
from dao_core.time_limits import map_within

WORTH_KEEPING = 200
"""Records from which on a file is remembered; less is read in half a second."""
SECONDS_PER_CELL = 60.0
"""A record that takes longer is no crystal."""
LAYOUT = 1
"""Rises when the meaning of the kept arrays changes."""

Cell = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def reduced_cells(path: Path, records: Sequence[Mapping[str, Any]]) -> list[Cell | None]:
    """Atomic numbers ``[N]``, coordinates ``[N, 3]`` and lattice ``[3, 3]`` of each record.

    None where a record is no crystal.

    Args:
        path: the file from which the records come.
        records: all of them, in order.
    """
    if len(records) < WORTH_KEEPING:
        return [_reduced(record) for record in records]
    kept = _cache_file(path)
    cells = _read(kept, len(records))
    if cells is None:
        cells = [one.value for one in map_within(_reduced, records, seconds=SECONDS_PER_CELL)]
        _write(kept, cells)
    return cells


def _reduced(record: Mapping[str, Any]) -> Cell | None:
    try:
        return niggli_primitive(
            np.asarray(record["atomic_numbers"], dtype=np.int64),
            np.asarray(record["frac_coords"], dtype=np.float64).reshape(-1, 3),
            np.asarray(record["lattice"], dtype=np.float64).reshape(3, 3),
        )
    except (InputError, KeyError, ValueError):
        return None


def _cache_file(path: Path) -> Path:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"{LAYOUT} {SYMPREC} {version('spglib')}".encode())
    return user_cache_path("dao", appauthor=False) / "cells" / f"{digest.hexdigest()[:32]}.npz"


def _read(file: Path, count: int) -> list[Cell | None] | None:
    """The kept cells, or None where there are none that can be used."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            natoms, numbers = kept["natoms"], kept["atomic_numbers"]
            frac_coords, lattice = kept["frac_coords"], kept["lattice"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    if len(natoms) != count or len(lattice) != count or natoms.sum() != len(numbers):
        return None
    ends = np.cumsum(natoms)
    return [
        (numbers[end - n : end], frac_coords[end - n : end], lattice[row]) if n else None
        for row, (n, end) in enumerate(zip(natoms.tolist(), ends.tolist(), strict=True))
    ]


def _write(file: Path, cells: Sequence[Cell | None]) -> None:
    """Keep the cells, where the folder can be written."""
    found = [cell for cell in cells if cell is not None]
    arrays = {
        "natoms": np.array([0 if cell is None else len(cell[0]) for cell in cells]),
        "atomic_numbers": np.concatenate([np.zeros(0, np.int64), *(cell[0] for cell in found)]),
        "frac_coords": np.concatenate([np.zeros((0, 3)), *(cell[1] for cell in found)]),
        "lattice": np.stack([np.zeros((3, 3)) if cell is None else cell[2] for cell in cells]),
    }
    partial = file.with_name(f".{file.stem}-{os.getpid()}.npz")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(partial, **arrays)  # type: ignore[arg-type]
        partial.replace(file)
