"""Folders of CIF, POSCAR and extended XYZ files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dao_core.crystal.reading import read_structures
from dao_core.errors import MissingError
from stores.ingest.entry import Entry


class StructureFiles:
    """Structures without labels, from a file or a folder searched through all levels.

    Files are read in the order of their names; the cursor is the last source that was read.
    """

    licence: str | None = None

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise MissingError(f"{path}: no such file or folder")
        self.path = path
        self.name = f"files:{path.name}"
        self.parameters = {"path": str(path.resolve())}

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries of every structure, then of every failure."""
        reading = read_structures([self.path])
        entries = [
            *(self._entry(one.source, Entry(one.source, one.structure)) for one in
              reading.structures),
            *(self._entry(one.source, Entry(one.source, reason=f"unreadable_file: {one.reason}"))
              for one in reading.failures),
        ]  # fmt: skip
        entries.sort(key=lambda entry: entry.source_id)
        yield from (entry for entry in entries if cursor is None or entry.source_id > cursor)

    def _entry(self, source: str, entry: Entry) -> Entry:
        """The entry with its path seen from the folder, so that ids survive a move of it."""
        name = source.removeprefix(str(self.path)).lstrip("/") or self.path.name
        return Entry(name, entry.structure, reason=entry.reason, cursor=name)
