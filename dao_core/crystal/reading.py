"""Reading structure files: CIF, POSCAR and extended XYZ, single files or whole folders."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import ase.io
import numpy as np
from pymatgen.core import Structure
from pymatgen.core.structure import StructureError
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifParser

from dao_core.crystal.usable import unusable_reason
from dao_core.errors import InputError

CIF_SUFFIXES = (".cif", ".mcif")
POSCAR_NAMES = ("POSCAR", "CONTCAR")
POSCAR_SUFFIXES = (".vasp", ".poscar")
XYZ_SUFFIXES = (".xyz", ".extxyz")
POSCAR_HEADER = 8
"""Lines before the atoms of a POSCAR; velocities behind them count as atoms here."""
XYZ_COLUMNS = re.compile(r":[RISL]:\s*(\d[\d_]*)")
MOST_XYZ_COLUMNS = 10_000
MOST_ATOMS = 10_000
"""Of one crystal: parsers and symmetry take minutes and gigabytes for more."""
LARGEST_FILE = 50_000_000
"""Bytes of a CIF or POSCAR, which are read as a whole; pymatgen takes twenty times as many."""
PARSER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, StructureError),
    Warning,  # pymatgen raises its BadPoscarWarning
)
"""What broken files make the parsers of pymatgen and ASE raise."""


@dataclass(frozen=True)
class NamedStructure:
    """A structure and where it was read.

    Attributes:
        source: the file as it was named, with ``#2``, ``#3`` ... for its further structures.
        structure: ordered and finite.
    """

    source: str
    structure: Structure


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
    """The file itself, or the files below a folder whose names promise a structure, sorted."""
    if not path.is_dir():
        return [path]
    folder = path
    return sorted(file for file in folder.rglob("*") if file.is_file() and _kind(file))


def _kind(file: Path) -> str | None:
    """The format that a file name promises: ``cif``, ``poscar``, ``xyz``, or None."""
    suffix = file.suffix.lower()
    if suffix in CIF_SUFFIXES:
        return "cif"
    if suffix in XYZ_SUFFIXES:
        return "xyz"
    if suffix in POSCAR_SUFFIXES or file.name.upper().startswith(POSCAR_NAMES):
        return "poscar"
    return None


def _read_file(file: Path, reading: Reading) -> None:
    """Append the structures of one file, or the reasons why there are none, to ``reading``."""
    try:
        structures = list(_parse(file))
    except InputError as error:
        reading.failures.append(ReadFailure(str(file), str(error)))
        return
    if not structures:
        reading.failures.append(ReadFailure(str(file), "the file holds no structure"))
    for number, structure in enumerate(structures, start=1):
        source = str(file) if number == 1 else f"{file}#{number}"
        if isinstance(structure, str):
            reading.failures.append(ReadFailure(source, structure))
        elif reason := unusable_reason(structure):
            reading.failures.append(ReadFailure(source, reason))
        else:
            structure.remove_oxidation_states()
            reading.structures.append(NamedStructure(source, structure))


def _parse(file: Path) -> Iterable[Structure | str]:
    """The structures of a file; a string stands for a structure that could not be had.

    Raises:
        InputError: nothing in the file can be read; the text says why.
    """
    if not file.is_file():
        raise InputError("no such file")
    kind = _kind(file)
    if kind is None:
        raise InputError("unknown kind of file; give .cif, .vasp, POSCAR*, CONTCAR*, .xyz, .extxyz")
    parse = {"cif": _parse_cif, "poscar": _parse_poscar, "xyz": _parse_xyz}[kind]
    try:
        with warnings.catch_warnings():
            # The parsers warn of every coordinate that they snap to 1/3; failures raise or return.
            warnings.simplefilter("ignore")
            return parse(file)
    except (OSError, *PARSER_ERRORS) as error:
        text = " ".join(str(error).split())
        raise InputError(f"not readable as {kind}: {text or type(error).__name__}") from error


def _parse_cif(file: Path) -> list[Structure | str]:
    """Every data block of a CIF, a block without a structure as the reason why."""
    _check_size(file)
    _check_cif_counts(file)
    parser = CifParser(file)
    structures: list[Structure | str] = []
    structures.extend(parser.parse_structures(primitive=False, on_error="ignore"))
    notes: list[str] = vars(parser)["warnings"]
    structures.extend(" ".join(n.split()) for n in notes if n.startswith("No structure parsed"))
    return structures


def _parse_poscar(file: Path) -> list[Structure | str]:
    """The one structure of a POSCAR."""
    _check_size(file)
    text = file.read_text()
    lines = text.splitlines()
    for line in lines[5:7]:  # pymatgen would make as many atoms as it says before it looks further
        if sum(int(word) for word in line.split() if word.isdecimal()) > len(lines):
            raise InputError(f"says {line.strip()} atoms, but has {len(lines)} lines")
    _check_atoms(len(lines) - POSCAR_HEADER)
    return [Structure.from_str(text, fmt="poscar")]


def _parse_xyz(file: Path) -> list[Structure | str]:
    """Every frame of an extended XYZ; a frame without three lattice vectors as a reason."""
    _check_xyz_counts(file)
    structures: list[Structure | str] = []
    for atoms in ase.io.read(file, index=":", format="extxyz"):
        if np.linalg.matrix_rank(atoms.cell.array) < 3:
            structures.append("no lattice: give Lattice=... with three vectors in its comment line")
        else:
            structures.append(AseAtomsAdaptor.get_structure(atoms))
    return structures


def _check_size(file: Path) -> None:
    """Refuse files that would fill the memory.

    Raises:
        InputError: the file is too large.
    """
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(
            f"{size / 1e6:.0f} MB, where {LARGEST_FILE / 1e6:.0f} MB are read at once; split it"
        )


def _check_atoms(count: int) -> None:
    """Refuse crystals that take minutes and gigabytes.

    Raises:
        InputError: it has too many atoms.
    """
    if count > MOST_ATOMS:
        raise InputError(f"{count} atoms in one crystal, where at most {MOST_ATOMS} are read")


def _check_cif_counts(file: Path) -> None:
    """Refuse a CIF of which one loop lists too many atoms; other loops (reflections) may be long.

    Raises:
        InputError: it has too many atoms.
    """
    header, rows = False, 0
    with file.open(errors="replace") as lines:
        for line in lines:
            word = line.lstrip()[:16].lower()
            if word.startswith("_"):
                header, rows = word.startswith("_atom_site_"), 0
            elif word.startswith(("loop_", "data_")):
                header = False
            elif header and word:
                rows += 1
                _check_atoms(rows)


def _check_xyz_counts(file: Path) -> None:
    """Refuse numbers of atoms and columns that ASE would count up to for hours.

    Raises:
        InputError: a frame says more atoms than lines follow, or absurdly many columns.
    """
    with file.open() as lines:
        for header in lines:
            if header.lstrip().startswith("VEC"):  # lattice vectors may stand behind the atoms
                continue
            if not header.strip():
                return
            atoms, comment = int(header), next(lines, "")
            _check_atoms(atoms)
            columns = max(map(int, XYZ_COLUMNS.findall(comment)), default=0)
            if columns > MOST_XYZ_COLUMNS:
                raise InputError(f"Properties with {columns} columns: {comment.strip()[:80]}")
            found = sum(1 for _ in islice(lines, min(max(atoms, 0), 2**62)))
            if found < atoms:
                raise InputError(f"a frame says {atoms} atoms, but {found} lines follow")
