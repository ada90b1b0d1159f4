"""Record files and benchmark CSV files."""

from __future__ import annotations

import csv
import gzip
import sys
import warnings
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from pymatgen.core import Lattice, Structure

from dao_core.crystal.reading import PARSER_ERRORS
from dao_core.errors import InputError
from stores.ingest.entry import Entry

ALIASES = {"e_above_hull": "energy_above_hull", "heat_ref": "formation_energy_per_atom"}
SAME = ("energy_per_atom", "formation_energy_per_atom", "energy_above_hull", "band_gap", "forces",
        "stress")  # fmt: skip
LARGEST = 4_000_000_000
"""Characters of a file that is read as a whole: a gzip file of a few MB can claim any size."""
UNREADABLE = (OSError, EOFError, UnicodeError, zlib.error, csv.Error)
"""What damaged text files and damaged gzip files raise."""
IDS = ("material_id", "id", "name", "entry_id")
GEOMETRY = frozenset(
    {"lattice", "atomic_numbers", "frac_coords", "formula", "reduced_formula", "natoms", "cif",
     "spacegroup_number", "elements", "pretty_formula", "", *IDS}
)  # fmt: skip


def _parameters(file: Path, level: str) -> dict[str, Any]:
    """What is read: a file that was changed since is another one, of which no place is noted."""
    status = file.stat()
    state = {"bytes": status.st_size, "modified": status.st_mtime_ns}
    return {"file": str(file.resolve()), "level": level, **state}


class RecordFile:
    """A JSON file ``{"meta": ..., "records": [...]}``, a list, or JSON lines; also gzipped.

    A record has ``lattice`` (rows, angstrom), ``atomic_numbers``, ``frac_coords`` or a ``cif``,
    and labels by name; scalars that are not fields of a label become its ``properties``.
    """

    def __init__(self, file: Path, level: str) -> None:
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
            yield _entry(record, number, self.level)


class BenchmarkCsv:
    """A CSV file with a ``cif`` column, as CDVAE's benchmarks have it."""

    def __init__(self, file: Path, level: str) -> None:
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
                             number, self.level)  # fmt: skip

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
    if isinstance(content, list):
        return content, None
    if isinstance(content, Mapping) and isinstance(content.get("records"), list):
        meta = content.get("meta")
        return content["records"], meta.get("licence") if isinstance(meta, Mapping) else None
    raise InputError(f"{file}: neither a list of records nor an object with 'records'")


def _entry(record: Any, number: int, level: str) -> Entry:
    """The entry of one record; a bad one carries its reason."""
    if not isinstance(record, Mapping):
        return Entry(str(number), reason="not_a_record", cursor=str(number))
    identity = str(next((record[name] for name in IDS if record.get(name)), number))
    try:
        structure = _structure(record)
    except PARSER_ERRORS as error:
        reason = f"unreadable_structure: {type(error).__name__}: {error}"
        return Entry(identity, reason=reason, cursor=str(number))
    return Entry(identity, structure, level, _facts(record), cursor=str(number))


def _structure(record: Mapping[str, Any]) -> Structure:
    if "lattice" in record:
        return Structure(
            Lattice(record["lattice"]), record["atomic_numbers"], record["frac_coords"]
        )
    with warnings.catch_warnings():
        # The CIF parser warns of every coordinate that it rounds to a fraction.
        warnings.simplefilter("ignore")
        return Structure.from_str(record["cif"], fmt="cif")


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for name, value in record.items():
        field = ALIASES.get(name, name)
        if field in SAME and value not in (None, ""):
            facts[field] = value
        elif name not in GEOMETRY and isinstance(value, str | int | float | bool):
            properties[name] = value
    return {**facts, "properties": properties}


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
