"""Folders of CIF, POSCAR and extended XYZ files; energies of the latter become labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pymatgen.core import Structure

from dao_core.crystal.reading import PARSER_ERRORS, read_structures, structure_files
from dao_core.errors import InputError
from stores.ingest.energies import FrameFacts, facts_of_frame
from stores.ingest.entry import Entry

SEPARATOR = "\n"
"""Between the name of a file and the number of the structure in it."""


class StructureFiles:
    """Structures of a file or of a folder searched through all levels.

    Files are read one after the other in the order of their names. A frame
    of an extended XYZ with an energy (eV per cell, with forces and stress where it has them; see
    :mod:`stores.ingest.energies`) is a label; other structures are candidates of the user.

    Args:
        path: file or folder.
        level: energy level of such labels; by default the frame's own ``level``, or
            ``file:<name>``.

    Raises:
        InputError: no such file or folder.
    """

    licence: str | None = None

    def __init__(self, path: Path, level: str | None = None) -> None:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        self.path = path
        self.level = level
        self.name = f"files:{path.resolve().name}"
        self.parameters = {"path": str(path.resolve()), "level": level}

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries file by file, each read when it is its turn; the cursor says file and place."""
        after_file, _, after = (cursor or "").partition(SEPARATOR)
        for file in structure_files(self.path) or [self.path]:
            name = self._name(str(file))
            if cursor and name < after_file:
                continue
            start = int(after or 0) if name == after_file else 0
            for number, entry in enumerate(self._entries_of(file), start=1):
                if number > start:
                    yield replace(entry, cursor=f"{name}{SEPARATOR}{number}")

    def _entries_of(self, file: Path) -> Iterator[Entry]:
        """Entries of the structures of a file, then of its failures."""
        reading = read_structures([file])
        for one in reading.structures:
            yield self._entry(one.source, one.structure)
        for failure in reading.failures:
            yield self._entry(failure.source, None, f"unreadable_file: {failure.reason}")

    def _name(self, source: str) -> str:
        """A path seen from the folder, so that names survive a move of it."""
        folder = self.path if self.path.is_dir() else self.path.parent
        return source.removeprefix(f"{folder}/")

    def _entry(self, source: str, structure: Structure | None, reason: str | None = None) -> Entry:
        name = self._name(source)
        said = FrameFacts({})
        try:
            if structure is not None:
                said = facts_of_frame(structure)
        except PARSER_ERRORS as error:
            reason, structure = f"unreadable_file: {error}", None
        level = None
        if structure is not None and said.facts:
            own = structure.properties.get("level")
            level = self.level or (str(own) if own else f"file:{self.path.resolve().stem}")
        return Entry(name, structure, level, said.facts, reason=reason, notes=said.notes)
