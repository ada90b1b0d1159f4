"""Folders of CIF, POSCAR and extended XYZ files; energies of the latter become labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ase.stress import voigt_6_to_full_3x3_stress
from pymatgen.core import Structure

from dao_core.crystal.reading import PARSER_ERRORS, read_structures
from dao_core.errors import InputError
from stores.ingest.entry import Entry


class StructureFiles:
    """Structures of a file or of a folder searched through all levels.

    Files are read in the order of their names; the cursor is the last source that was read. A frame
    of an extended XYZ with an ``energy`` (eV per cell, with ``forces`` and ``stress`` where it has
    them) is a label; other structures are candidates of the user.

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
        """Entries of every structure, then of every failure."""
        reading = read_structures([self.path])
        entries = [
            *(self._entry(one.source, one.structure) for one in reading.structures),
            *(
                self._entry(one.source, None, f"unreadable_file: {one.reason}")
                for one in reading.failures
            ),
        ]
        entries.sort(key=lambda entry: entry.source_id)
        yield from (entry for entry in entries if cursor is None or entry.source_id > cursor)

    def _entry(self, source: str, structure: Structure | None, reason: str | None = None) -> Entry:
        """The entry with its path seen from the folder, so that ids survive a move of it."""
        folder = self.path if self.path.is_dir() else self.path.parent
        name = source.removeprefix(f"{folder}/")
        try:
            facts = _facts(structure) if structure is not None else {}
        except PARSER_ERRORS as error:
            reason, structure, facts = f"unreadable_file: {error}", None, {}
        level = None
        if structure is not None and facts:
            own = structure.properties.get("level")
            level = self.level or (str(own) if own else f"file:{self.path.resolve().stem}")
        return Entry(name, structure, level, facts, reason=reason, cursor=name)


def _facts(structure: Structure) -> dict[str, Any]:
    """Energy (eV/atom), forces and stress that were read with a structure; none without energy."""
    calculator = getattr(structure, "calc", None)
    results = calculator.results if calculator is not None else {}
    if "energy" not in results:
        return {}
    facts: dict[str, Any] = {"energy_per_atom": float(results["energy"]) / len(structure)}
    if "forces" in results:
        facts["forces"] = results["forces"].tolist()
    if "stress" in results:
        facts["stress"] = voigt_6_to_full_3x3_stress(results["stress"]).tolist()
    return facts
