"""What a reader makes of one crystal of a file, and what readers refuse before they parse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pymatgen.core import Structure
from pymatgen.core.structure import StructureError

from dao_core.errors import InputError

MOST_ATOMS = 10_000
"""Of one crystal: parsers and symmetry take minutes and gigabytes for more."""
LARGEST_FILE = 50_000_000
"""Bytes of a CIF or POSCAR, which are read as a whole; pymatgen takes twenty times as many."""
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PARSER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, StructureError),
    Warning,  # pymatgen raises its BadPoscarWarning
)
"""What broken files make the parsers of pymatgen and ASE raise."""


@dataclass(frozen=True)
class Parsed:
    """A crystal as a file gives it.

    Attributes:
        structure: the crystal.
        notes: what was decided where the file leaves it open, one sentence each.
    """

    structure: Structure
    notes: tuple[str, ...] = ()


def open_text(file: Path) -> TextIO:
    """Open a text file whatever its encoding: a mark at its beginning is followed and left out.

    Bytes that are no UTF-8 (names in Latin-1) become marks; nothing that is read holds any.
    """
    with file.open("rb") as stream:
        is_utf_16 = stream.read(2) in UTF_16_MARKS
    return file.open(encoding="utf-16" if is_utf_16 else "utf-8-sig", errors="replace")


def whole_text(file: Path) -> str:
    """The text of a file that is read at once.

    Raises:
        InputError: the file would fill the memory.
    """
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(
            f"{size / 1e6:.0f} MB, where {LARGEST_FILE / 1e6:.0f} MB are read at once; split it"
        )
    with open_text(file) as stream:
        return stream.read()


def check_atoms(count: int) -> None:
    """Refuse crystals that take minutes and gigabytes.

    Raises:
        InputError: it has too many atoms.
    """
    if count > MOST_ATOMS:
        raise InputError(f"{count} atoms in one crystal, where at most {MOST_ATOMS} are read")


def reason_of(error: Exception) -> str:
    """What a parser says of a broken file, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
