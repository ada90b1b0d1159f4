"""Record files and benchmark CSV files."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from dao_core.crystal.formats.record import crystal_of, records_of
from dao_core.errors import InputError
from stores.ingest.entry import Entry

ALIASES = {
    "e_above_hull": "energy_above_hull",
    "ehull": "energy_above_hull",
    "heat_ref": "formation_energy_per_atom",
    "formation_energy_peratom": "formation_energy_per_atom",
    "optb88vdw_total_energy": "energy_per_atom",
    "optb88vdw_bandgap": "band_gap",
}
"""Names of other databases; those with ``optb88vdw`` are JARVIS's, in eV/atom."""
SAME = ("energy_per_atom", "formation_energy_per_atom", "energy_above_hull", "band_gap", "forces",
        "stress")  # fmt: skip
LARGEST = 4_000_000_000
"""Characters of a file that is read as a whole: a gzip file of a few MB can claim any size."""
UNREADABLE = (OSError, EOFError, UnicodeError, zlib.error, csv.Error)
"""What damaged text files and damaged gzip files raise."""
IDS = ("material_id", "id", "name", "entry_id", "jid", "structure_id")
GEOMETRY = frozenset(
    {"lattice", "atomic_numbers", "frac_coords", "formula", "reduced_formula", "natoms", "cif",
     "spacegroup_number", "elements", "pretty_formula", "", "@module", "@class", "@version",
     "charge", "level", *IDS}
)  # fmt: skip
OF_ENTRY = ("energy", "correction")
"""What pymatgen's entries say of the whole cell, eV."""


def _parameters(file: Path, level: str | None) -> dict[str, Any]:
    """What is read: a file that was changed since is another one, of which no place is noted."""
    status = file.stat()
    state = {"bytes": status.st_size, "modified": status.st_mtime_ns}
    return {"file": str(file.resolve()), "level": level, **state}


class RecordFile:
    """A JSON file ``{"meta": ..., "records": [...]}``, a list, or JSON lines; also gzipped.

    A record has ``lattice`` (rows, angstrom), ``atomic_numbers``, ``frac_coords``, or any other
    layout of :mod:`dao_core.crystal.formats.record`, and labels by name; scalars that are not
    fields of a label become its ``properties``. Without ``level``, records have their own, or
    ``file:<name>``.
    """

    def __init__(self, file: Path, level: str | None) -> None:
        if not file.is_file():
            raise InputError(f"{file}: no such file")
        self.file = file
        self.level = level
        self.name = f"records:{_stem(file)}"
        self.parameters = _parameters(file, level)
        self._records, self.licence = _read_json(file)

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries by number; the cursor is the number of the last one."""
        start = int(cursor) if cursor else 0
        for number, record in enumerate(self._records[start:], start=start + 1):
            yield _entry(record, number, self.level, self.file)


class BenchmarkCsv:
    """A CSV file with a ``cif`` column, as CDVAE's benchmarks have it."""

    def __init__(self, file: Path, level: str | None) -> None:
        if not file.is_file():
            raise InputError(f"{file}: no such file")
        self.file = file
        self.level = level
        self.name = f"csv:{_stem(file)}"
        self.licence: str | None = None
        self.parameters = _parameters(file, level)

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries by number; the cursor is the number of the last one."""
        start = int(cursor) if cursor else 0
        for number, row in enumerate(self._rows(), start=1):
            if number > start:
                yield _entry({name: _number(text) for name, text in row.items()},
                             number, self.level, self.file)  # fmt: skip

    def _rows(self) -> Iterator[dict[str, Any]]:
        """The lines by column.

        Raises:
            InputError: the file cannot be read, or has no column of crystals.
        """
        csv.field_size_limit(sys.maxsize)
        try:
            with _open_text(self.file) as lines:
                rows = csv.DictReader(lines, restkey="")
                if rows.fieldnames is None or "cif" not in rows.fieldnames:
                    raise InputError(f"{self.file}: no column 'cif'; it has {rows.fieldnames}")
                yield from rows
        except UNREADABLE as error:
            raise InputError(f"{self.file}: cannot be read: {error}") from error


def _read_json(file: Path) -> tuple[list[dict[str, Any]], str | None]:
    """Records and licence.

    Raises:
        InputError: the file is not of a known layout; the line of a mistake is named.
    """
    try:
        with _open_text(file) as stream:
            text = stream.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise InputError(
                f"{file}: holds more than {LARGEST / 1e9:.0f} GB of text; split it into several"
            )
        if ".jsonl" in file.name:
            return [orjson.loads(line) for line in text.splitlines() if line.strip()], None
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file}: not JSON: {error}") from error
    except UNREADABLE as error:
        raise InputError(f"{file}: cannot be read: {error}") from error
    try:
        records = records_of(content)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    meta = content.get("meta") if isinstance(content, Mapping) else None
    return records, meta.get("licence") if isinstance(meta, Mapping) else None


def _entry(record: Any, number: int, level: str | None, file: Path) -> Entry:
    """The entry of one record; a bad one carries its reason."""
    if not isinstance(record, Mapping):
        return Entry(str(number), reason="not_a_record", cursor=str(number))
    data = record.get("data")
    known = {**data, **record} if isinstance(data, Mapping) else record
    identity = str(next((known[name] for name in IDS if known.get(name)), number))
    found = crystal_of(record)
    if isinstance(found, str):
        return Entry(identity, reason=f"unreadable_structure: {found}", cursor=str(number))
    found.structure.remove_oxidation_states()
    facts, notes = _facts(record, known, len(found.structure))
    own = known.get("level")
    level = level or (own if isinstance(own, str) else None) or f"file:{_stem(file)}"
    return Entry(identity, found.structure, level if facts else None, facts,
                 cursor=str(number), notes=(*found.notes, *notes))  # fmt: skip


def _facts(
    record: Mapping[str, Any], known: Mapping[str, Any], natoms: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a label, none where a record has a crystal alone; and what is to be told."""
    facts: dict[str, Any] = {}
    notes: list[str] = []
    for name, value in known.items():
        field = ALIASES.get(name, name)
        if field in SAME and value not in (None, ""):
            facts[field] = value
    is_entry = str(record.get("@class", "")).endswith("Entry")
    if is_entry and isinstance(record.get("energy"), int | float):
        correction = float(record.get("correction") or 0.0)
        facts["energy_per_atom"] = (float(record["energy"]) + correction) / natoms
        if correction:
            notes.append("the energy holds the correction of its entry")
    left = {name: value for name, value in record.items()
            if name not in GEOMETRY and ALIASES.get(name, name) not in SAME
            and isinstance(value, str | int | float | bool)
            and not (is_entry and name in OF_ENTRY)}  # fmt: skip
    if not {"energy_per_atom", "formation_energy_per_atom"} & facts.keys():
        energies = sorted(name for name in left if "energy" in name.lower())
        if energies:
            notes.append(f"no energy_per_atom; {', '.join(energies)} is kept as a property")
    return ({**facts, "properties": left} if facts or left else {}), tuple(notes)


def _number(text: str | list[str] | None) -> Any:
    """A cell of a table; one too many in a line, as a list."""
    try:
        return float(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _open_text(file: Path) -> Any:
    return gzip.open(file, "rt") if file.suffix == ".gz" else file.open(newline="")


def _stem(file: Path) -> str:
    return file.name.partition(".")[0]
