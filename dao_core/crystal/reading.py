"""Reading structure files: CIF, POSCAR, extended XYZ and JSON, single files or whole folders."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pymatgen.core import Structure

from dao_core.crystal.formats.cif import parse_cif
from dao_core.crystal.formats.parsed import PARSER_ERRORS, Parsed, reason_of
from dao_core.crystal.formats.poscar import parse_poscar
from dao_core.crystal.formats.record import parse_json
from dao_core.crystal.formats.xyz import parse_xyz
from dao_core.crystal.usable import unusable_reason
from dao_core.errors import InputError

CIF_SUFFIXES = (".cif", ".mcif")
POSCAR_NAMES = ("POSCAR", "CONTCAR")
POSCAR_SUFFIXES = (".vasp", ".poscar")
JSON_SUFFIX = ".json"
"""Read where it is named; folders hold JSON of all kinds."""
XYZ_SUFFIXES = (".xyz", ".extxyz")
PARSERS: Mapping[str, Callable[[Path], Iterable[Parsed | str]]] = {
    "cif": parse_cif,
    "poscar": parse_poscar,
    "xyz": parse_xyz,
    "json": parse_json,
}
"""By kind of file: one for each format, which everything that reads crystals uses."""
OWN_OUTPUT = re.compile(r"_c-[0-9a-f]{20}\.cif$")
"""Crystals that commands wrote: their names end in the id of the candidate."""
IN_FOLDERS = ("cif", "poscar", "xyz")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NamedStructure:
    """A structure and where it was read.

    Attributes:
        source: the file as it was named, with ``#2``, ``#3`` ... for its further structures.
        structure: ordered and finite.
        notes: what was decided where the file leaves it open; logged as warnings, too.
    """

    source: str
    structure: Structure
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadFailure:
    """A file, or one structure of a file, that could not be used, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What became of a list of files: every structure in them is in one of the two lists."""

    structures: list[NamedStructure]
    failures: list[ReadFailure]


def read_structures(paths: Sequence[str | os.PathLike[str]]) -> Reading:
    """Read all structures of files and folders, in the given order, folders sorted by name.

    Unreadable files and disordered structures are named in ``failures``; the others go on. Within
    folders (searched through all levels) only files named like a CIF, POSCAR or XYZ are opened.
    """
    reading = Reading([], [])
    for path in map(Path, paths):
        files = structure_files(path)
        if not files:
            reason = "the folder holds no CIF, POSCAR or extended XYZ file"
            reading.failures.append(ReadFailure(str(path), reason))
        for file in files:
            _read_file(file, reading)
    return reading


def read_given(files: Sequence[str | os.PathLike[str]]) -> Reading:
    """Read the structures of files.

    Raises:
        InputError: Not one structure could be read; names every file and its reason.
    """
    reading = read_structures(files)
    if not reading.structures:
        reasons = "; ".join(f"{failure.source}: {failure.reason}" for failure in reading.failures)
        raise InputError(f"no structure could be read: {reasons}")
    return reading


def structure_files(path: Path) -> list[Path]:
    """The file itself, or the files below a folder whose names promise a structure, sorted.

    What commands of ours wrote into folders below it is left out, and told; named itself, such a
    folder is read.
    """
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.rglob("*") if f.is_file() and _kind(f) in IN_FOLDERS)
    own = [file for file in files if file.parent != path and OWN_OUTPUT.search(file.name)]
    if own:
        folders = ", ".join(sorted({str(file.parent) for file in own}))
        logger.warning("%d results of earlier commands are left out: %s", len(own), folders)
    return [file for file in files if file not in set(own)]


def _kind(file: Path) -> str | None:
    """The format that a file name promises: ``cif``, ``poscar``, ``xyz``, or None."""
    suffix = file.suffix.lower()
    if suffix in CIF_SUFFIXES:
        return "cif"
    if suffix in XYZ_SUFFIXES:
        return "xyz"
    if suffix in POSCAR_SUFFIXES or file.name.upper().startswith(POSCAR_NAMES):
        return "poscar"
    return "json" if suffix == JSON_SUFFIX else None


def _read_file(file: Path, reading: Reading) -> None:
    """Append the structures of one file, or the reasons why there are none, to ``reading``."""
    try:
        structures = list(_parse(file))
    except InputError as error:
        reading.failures.append(ReadFailure(str(file), str(error)))
        return
    if not structures:
        reading.failures.append(ReadFailure(str(file), "the file holds no structure"))
    for number, parsed in enumerate(structures, start=1):
        source = str(file) if number == 1 else f"{file}#{number}"
        if isinstance(parsed, str):
            reading.failures.append(ReadFailure(source, parsed))
        elif reason := unusable_reason(parsed.structure):
            reading.failures.append(ReadFailure(source, reason))
        else:
            parsed.structure.remove_oxidation_states()
            reading.structures.append(NamedStructure(source, parsed.structure, parsed.notes))
            for note in parsed.notes:
                logger.warning("%s: %s", source, note)


def _parse(file: Path) -> Iterable[Parsed | str]:
    """The structures of a file; a string stands for a structure that could not be had.

    Raises:
        InputError: nothing in the file can be read; the text says why.
    """
    if not file.is_file():
        raise InputError("no such file")
    kind = _kind(file)
    if kind is None:
        raise InputError(
            "unknown kind of file; give .cif, .vasp, POSCAR*, CONTCAR*, .xyz, .extxyz, .json"
        )
    try:
        return PARSERS[kind](file)
    except (OSError, *PARSER_ERRORS) as error:
        raise InputError(f"not readable as {kind}: {reason_of(error)}") from error
