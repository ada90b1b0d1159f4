"""Record files: the JSON form in which crystals and their labels reach training.

``NAME.json.gz`` is ``{"meta": {...}, "records": [...]}``; a record has ``material_id``,
``lattice`` (rows, angstrom), ``atomic_numbers``, ``frac_coords`` and its labels.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure

from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance
from dao_core.errors import InputError, MissingError
from dao_core.hashing import text_hash
from dao_core.training.record_stream import stream_records
from dao_core.training.reduced_cells import Cell, reduced_cells

SAME = 0.02
"""Distance of coloured fingerprints within which crystals of one volume are repeats."""


@dataclass(frozen=True)
class Crystal:
    """One crystal as arrays, in its Niggli primitive cell.

    Attributes:
        material_id: ``<file>:<id>``.
        atomic_numbers: ``[N]`` int64.
        frac_coords: ``[N, 3]``.
        lattice: ``[3, 3]`` rows, angstrom.
        labels: whatever else the record holds.
    """

    material_id: str
    atomic_numbers: NDArray[np.int64]
    frac_coords: NDArray[np.float64]
    lattice: NDArray[np.float64]
    labels: dict[str, Any]

    def structure(self) -> Structure:
        """The crystal as pymatgen has it."""
        species = [Element.from_Z(int(number)) for number in self.atomic_numbers]
        return Structure(Lattice(self.lattice), species, self.frac_coords)


@dataclass
class RecordReading:
    """Crystals that were read, and why others were not."""

    crystals: list[Crystal] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)


def iterate_records(path: Path) -> Iterator[dict[str, Any]]:
    """The raw records of one file, read as they are asked for.

    Raises:
        MissingError: there is no such file.
        InputError: the file is not a record file, or is damaged where it is read.
    """
    if not path.is_file():
        raise MissingError(f"there is no record file {path}")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from stream_records(file)
    except (OSError, EOFError, ValueError, KeyError, zlib.error) as error:
        raise InputError(
            f"{path} is not a record file (gzipped JSON with records): {error}"
        ) from error


def read_crystals(paths: Iterable[Path], max_atoms: int) -> RecordReading:
    """Read record files, reduce each crystal to its Niggli primitive cell, drop repeats.

    A repeat has the same atoms per primitive cell, the same volume to 0.2 % and the same coloured
    fingerprint to :data:`SAME`, so that two orderings of one lattice are both kept; of repeats the
    first is.
    Every crystal that is left out is counted with its reason.
    """
    reading = RecordReading()
    seen = _Seen()
    for path in paths:
        records = list(iterate_records(path))
        for record, cell in zip(records, reduced_cells(path, records), strict=True):
            crystal = _crystal(record, cell, path, max_atoms)
            if isinstance(crystal, str):
                reading.rejected[crystal] += 1
                continue
            if seen.has(crystal):
                reading.rejected["repeat"] += 1
                continue
            reading.crystals.append(crystal)
    return reading


class _Seen:
    """The crystals that were read, by atoms and volume; alike ones are told by fingerprint."""

    def __init__(self) -> None:
        self._alike: dict[tuple[bytes, int], list[Crystal]] = {}
        self._prints: dict[int, NDArray[np.float64]] = {}

    def has(self, crystal: Crystal) -> bool:
        """Whether this crystal was there before; it is now."""
        volume = abs(np.linalg.det(crystal.lattice)) / len(crystal.atomic_numbers)
        key = (np.sort(crystal.atomic_numbers).tobytes(), round(500 * float(np.log(volume))))
        alike = self._alike.setdefault(key, [])
        if any(self._distance(crystal, other) <= SAME for other in alike):
            return True
        alike.append(crystal)
        return False

    def _distance(self, first: Crystal, second: Crystal) -> float:
        return fingerprint_distance(self._print(first), self._print(second))

    def _print(self, crystal: Crystal) -> NDArray[np.float64]:
        if id(crystal) not in self._prints:  # seldom needed: most volumes are met once
            self._prints[id(crystal)] = coloured_fingerprint(crystal.structure())
        return self._prints[id(crystal)]


def manifest_hash(crystals: Sequence[Crystal]) -> str:
    """Hash of the sorted ids of a set of crystals: the name of a training split."""
    ids = "\n".join(sorted(crystal.material_id for crystal in crystals))
    return text_hash(ids, 16)


def _crystal(
    record: dict[str, Any], cell: Cell | None, path: Path, max_atoms: int
) -> Crystal | str:
    """The reduced crystal, or the reason why there is none."""
    if cell is None:
        return "unreadable"
    numbers, frac_coords, lattice = cell
    if len(numbers) > max_atoms:
        return "too many atoms"
    geometry = {"lattice", "atomic_numbers", "frac_coords", "material_id"}
    labels = {key: value for key, value in record.items() if key not in geometry}
    name = path.name.removesuffix(".json.gz")
    return Crystal(f"{name}:{record.get('material_id', '')}", numbers, frac_coords, lattice, labels)
