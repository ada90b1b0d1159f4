"""Benchmark sets: CSV files with CIFs, record files, folders of CIFs; each with a hash."""

from __future__ import annotations

import gzip
import json
import logging
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core import Structure

from dao_core.crystal.batch import unusable_reason
from dao_core.crystal.formats.record import crystal_of
from dao_core.crystal.reading import ReadFailure, read_structures
from dao_core.errors import InputError
from dao_core.hashing import text_hash

CSV_COLUMNS = ("material_id", "cif")
ENERGY_LABEL = "formation_energy_per_atom"
"""Column or key of the formation energy, eV/atom; sets without it serve for structures alone."""
RECORD_KEYS = ("material_id", "lattice", "atomic_numbers", "frac_coords")

logger = logging.getLogger(__name__)

Entry = tuple[str, Structure | str, float | None]
"""Name, crystal (or why there is none), formation energy."""


@dataclass(frozen=True)
class Reference:
    """One crystal of a benchmark set.

    Attributes:
        material_id: its name in the set.
        structure: the crystal.
        formation_energy: eV/atom, None where the set does not say.
    """

    material_id: str
    structure: Structure
    formation_energy: float | None = None

    @property
    def formula(self) -> str:
        """Reduced formula."""
        return str(self.structure.composition.reduced_formula)


@dataclass(frozen=True)
class BenchmarkSet:
    """The crystals of a benchmark set, in the order of its file.

    Attributes:
        name: file or folder name without its endings.
        references: what could be read.
        failures: entries that could not, and why.
    """

    name: str
    references: list[Reference]
    failures: list[ReadFailure]

    def chosen(
        self,
        limit: int | None = None,
        atoms: tuple[int, int] | None = None,
        *,
        polymorphs: bool = False,
    ) -> BenchmarkSet:
        """A part of the set, equal for equal arguments.

        Args:
            limit: so many entries, drawn at random with a fixed seed, because files are sorted by
                origin; their order is kept.
            atoms: fewest and most atoms per cell, both included.
            polymorphs: entries alone whose formula has several with such cells.
        """
        fitting = [
            reference
            for reference in self.references
            if atoms is None or atoms[0] <= len(reference.structure) <= atoms[1]
        ]
        if polymorphs:
            entries = Counter(reference.formula for reference in fitting)
            fitting = [reference for reference in fitting if entries[reference.formula] > 1]
        if limit is not None and limit < len(fitting):
            drawn = np.random.default_rng(0).permutation(len(fitting))[:limit]
            fitting = [fitting[position] for position in sorted(drawn)]
        return BenchmarkSet(self.name, fitting, self.failures)

    @property
    def set_hash(self) -> str:
        """Twelve hexadecimal digits that tell two sets or splits apart.

        Hash of the sorted material ids and formulas; it does not depend on the file format.
        """
        lines = sorted(
            f"{r.material_id} {r.structure.composition.formula}" for r in self.references
        )
        return text_hash("\n".join(lines), 12)


def read_set(path: str | Path, limit: int | None = None) -> BenchmarkSet:
    """Read a benchmark set.

    Args:
        path: a CSV file with the columns ``material_id`` and ``cif`` (MP-20 and its kin), a
            ``.json.gz`` or ``.json`` file ``{"records": [...]}`` with ``material_id``,
            ``lattice``, ``atomic_numbers`` and ``frac_coords``, or a folder of structure files.
        limit: only the first so many entries.

    Raises:
        InputError: the file does not exist or is none of these.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"benchmark set {path} does not exist")
    name = path.name.split(".")[0]
    if path.is_dir():
        return _read_folder(path, name, limit)
    if path.suffix == ".csv":
        return _collect(name, _csv_entries(path, limit))
    if path.suffixes[-1:] == [".json"] or path.suffixes[-2:] == [".json", ".gz"]:
        return _collect(name, _record_entries(path, limit))
    raise InputError(f"benchmark set {path}: give a .csv, .json or .json.gz file, or a folder")


def _read_folder(path: Path, name: str, limit: int | None) -> BenchmarkSet:
    """A folder of structure files; the id is the name of the file, its ending left out."""
    reading = read_structures([path])
    references = [
        Reference(str(Path(named.source).relative_to(path).with_suffix("")), named.structure)
        for named in reading.structures[:limit]
    ]
    return BenchmarkSet(name, references, reading.failures)


def _collect(name: str, entries: Iterator[Entry]) -> BenchmarkSet:
    """Sort entries into crystals and failures (a text instead of a crystal says why)."""
    found = BenchmarkSet(name, [], [])
    for material_id, structure, energy in entries:
        reason = structure if isinstance(structure, str) else unusable_reason(structure)
        if isinstance(structure, str) or reason:
            found.failures.append(ReadFailure(material_id, str(reason)))
        else:
            found.references.append(Reference(material_id, structure, energy))
    return found


def _csv_entries(path: Path, limit: int | None) -> Iterator[Entry]:
    """The rows of a CSV file."""
    table = pd.read_csv(path, nrows=limit, dtype={"material_id": str})
    missing = [column for column in CSV_COLUMNS if column not in table.columns]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it needs {', '.join(CSV_COLUMNS)}")
    labels = table.get(ENERGY_LABEL, pd.Series(np.nan, index=table.index))
    for material_id, cif, label in zip(table["material_id"], table["cif"], labels, strict=True):
        yield material_id, _parsed({"material_id": material_id, "cif": cif}), _energy(label)


def _parsed(record: dict[str, Any]) -> Structure | str:
    """The crystal of a record, or why there is none; what a CIF leaves open is logged."""
    found = crystal_of(record)
    if isinstance(found, str):
        return found
    for note in found.notes:
        logger.warning("%s: %s", record.get("material_id"), note)
    return found.structure


def _record_entries(path: Path, limit: int | None) -> Iterator[Entry]:
    """The records of a JSON file."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            records = json.load(file)["records"]
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise InputError(f"{path} is not a file of records: {error}") from error
    for position, record in enumerate(records[:limit]):
        missing = [key for key in RECORD_KEYS if key not in record]
        if missing:
            yield f"record {position}", f"it has no {missing[0]!r}", None
        else:
            label = _energy(record.get(ENERGY_LABEL))
            yield str(record["material_id"]), _parsed(record), label


def _energy(label: Any) -> float | None:
    """A label as a number, or None where there is none."""
    number = isinstance(label, int | float) and math.isfinite(label)
    return float(label) if number else None
