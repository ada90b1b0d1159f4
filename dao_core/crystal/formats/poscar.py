"""POSCAR files, of VASP 4 to 6."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
from pymatgen.core import Element
from pymatgen.io.vasp import Poscar

from dao_core.crystal.formats.parsed import Parsed, check_atoms, whole_text
from dao_core.errors import InputError

HEADER = 8
"""Lines before the atoms of a POSCAR; velocities behind them count as atoms here."""
SCALE, SPECIES = 1, 5
"""Lines, from 0: the scaling factor; the symbols (VASP 5) or already the counts (VASP 4)."""
SYMBOL_IN_COMMENT = re.compile(r"([A-Z][a-z]?)(\d*)")


def parse_poscar(file: Path) -> list[Parsed | str]:
    """The one crystal of a POSCAR.

    Without a line of symbols (VASP 4) they stand behind the coordinates, or the comment says them;
    where neither does, pymatgen would take hydrogen, helium, lithium ...

    Raises:
        InputError: it is too large, contradicts itself, or has no symbols.
    """
    lines = whole_text(file).splitlines()
    for line in lines[SPECIES : SPECIES + 2]:
        # pymatgen would make as many atoms as it says before it looks further
        if sum(int(word) for word in line.split() if word.isdecimal()) > len(lines):
            raise InputError(f"says {line.strip()} atoms, but has {len(lines)} lines")
    check_atoms(len(lines) - HEADER)
    _check_counts(lines)
    lines = _with_one_scale(lines)
    poscar = _parsed(lines)
    if poscar.true_names:
        return [Parsed(poscar.structure)]
    symbols = _symbols_of_comment(lines[0], _counts(lines[SPECIES]) or [])
    if not symbols:
        raise InputError("no element symbols; write them into a line before the counts of atoms")
    named = _parsed([*lines[:SPECIES], " ".join(symbols), *lines[SPECIES:]])
    note = f"no line of symbols; {', '.join(symbols)} as its comment says"
    return [Parsed(named.structure, (note,))]


def _parsed(lines: list[str]) -> Poscar:
    """What pymatgen reads; it warns of guessed symbols, which ``true_names`` says as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Poscar.from_str("\n".join(lines), read_velocities=False)


def _counts(line: str) -> list[int] | None:
    """The numbers of atoms in a line, or None where it holds anything else."""
    words = line.split()
    return [int(word) for word in words] if words and all(map(str.isdecimal, words)) else None


def _check_counts(lines: list[str]) -> None:
    """Refuse a file whose symbols, counts and coordinates disagree.

    Raises:
        InputError: there are more symbols than counts, or more coordinates than atoms.
    """
    if len(lines) < HEADER:
        return
    first = SPECIES if _counts(lines[SPECIES]) else SPECIES + 1
    counts = _counts(lines[first])
    if counts is None or _counts(lines[first + 1]) is not None:
        return  # symbols and counts of several lines each, which pymatgen counts
    symbols = lines[SPECIES].split("!")[0].split()
    if first > SPECIES and len(symbols) != len(counts):
        raise InputError(f"{len(symbols)} symbols, but {len(counts)} counts of atoms")
    is_selective = lines[first + 1].strip().lower().startswith("s")
    after = first + 2 + is_selective + sum(counts)
    if after < len(lines) and _is_coordinates(lines[after]):
        raise InputError(f"says {sum(counts)} atoms, but more coordinates follow")


def _is_coordinates(line: str) -> bool:
    """Whether a line begins with three numbers."""
    try:
        return len([float(word) for word in line.split()[:3]]) == 3
    except ValueError:
        return False


def _with_one_scale(lines: list[str]) -> list[str]:
    """The same crystal with one scaling factor, where VASP 6 has one for each Cartesian axis.

    Raises:
        InputError: a factor is not positive.
    """
    factors = [float(word) for word in lines[SCALE].split("!")[0].split()[:3]]
    if len(factors) != 3:
        return lines
    if min(factors) <= 0:
        raise InputError("three scaling factors must be positive")
    rows = [_scaled(line, factors) for line in lines[2:SPECIES]]
    scaled = [lines[0], "1.0", *rows, *lines[SPECIES:]]
    mode = next((n for n in range(SPECIES + 1, len(lines)) if lines[n].strip()[:1] in "cCkKdD"), 0)
    if lines[mode].strip()[:1] in "dD":
        return scaled
    return [*scaled[: mode + 1], *(_scaled(line, factors) for line in scaled[mode + 1 :])]


def _scaled(line: str, factors: list[float]) -> str:
    """A line that begins with a vector, its components multiplied."""
    if not _is_coordinates(line):
        return line
    words = line.split()
    vector = np.array(words[:3], dtype=float) * factors
    return " ".join([*map(repr, map(float, vector)), *words[3:]])


def _symbols_of_comment(comment: str, counts: list[int]) -> list[str]:
    """The symbols that a comment such as ``Mg O`` or ``Mg4 O4`` lists, none if it says else."""
    found = [SYMBOL_IN_COMMENT.fullmatch(word) for word in comment.split()]
    symbols = [one[1] for one in found if one and Element.is_valid_symbol(one[1])]
    numbers = [one[2] for one in found if one]
    fits = len(symbols) == len(found) == len(counts) and all(
        not number or int(number) == count for number, count in zip(numbers, counts, strict=False)
    )
    return symbols if fits else []
