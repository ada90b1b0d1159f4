"""The input file of pw.x, as text and as an object that a correction can change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase.io.espresso import read_fortran_namelist
from ase.io.espresso_namelist.namelist import Namelist
from pymatgen.core import Lattice, Structure

NAMELISTS = ("control", "system", "electrons", "ions", "cell")
CARDS = (
    "ATOMIC_SPECIES",
    "CELL_PARAMETERS",
    "ATOMIC_POSITIONS",
    "K_POINTS",
    "HUBBARD",
)


@dataclass
class PwInput:
    """Input of pw.x.

    Attributes:
        namelists: Settings by namelist (``control``, ``system``, ...), names in lower case.
        cards: Lines of each card by its title; the first line holds the title and its options.
    """

    namelists: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, list[str]] = field(default_factory=dict)

    def get_str(self) -> str:
        """The input as pw.x reads it."""
        ordered = {name: self.namelists.get(name, {}) for name in NAMELISTS}
        cards = [line for title in CARDS for line in self.cards.get(title, [])]
        return Namelist(ordered).to_string() + "\n".join(cards) + "\n"

    def __str__(self) -> str:
        return self.get_str()

    @classmethod
    def from_str(cls, contents: str) -> PwInput:
        """Read an input.

        Args:
            contents: The text of an input file.

        Returns:
            The input.
        """
        namelists, lines = read_fortran_namelist(StringIO(contents))
        cards: dict[str, list[str]] = {}
        title = ""
        for line in lines:
            word = re.split(r"[\s({]", line.strip(), maxsplit=1)[0].upper()
            title = word if word in CARDS else title
            cards.setdefault(title, []).append(line.strip())
        return cls(namelists={name: dict(namelists[name]) for name in namelists}, cards=cards)

    def write_file(self, path: Path | str) -> None:
        """Write the input."""
        Path(path).write_text(self.get_str())

    @classmethod
    def from_directory(cls, directory: Path | str) -> PwInput:
        """Read ``pw.in`` of a folder."""
        return cls.from_str((Path(directory) / "pw.in").read_text())

    def get(self, namelist: str, name: str, default: object = None) -> Any:
        """A setting, or the default when it is not given."""
        return self.namelists.get(namelist, {}).get(name.lower(), default)

    def update(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Set settings, given as ``{namelist: {name: value}}``; None removes one."""
        for namelist, values in changes.items():
            target = self.namelists.setdefault(namelist.lower(), {})
            for name, value in values.items():
                target.pop(name.lower(), None)
                if value is not None:
                    target[name.lower()] = value

    @property
    def labels(self) -> list[str]:
        """Label of the atomic type of each site."""
        return [line.split()[0] for line in self.cards["ATOMIC_POSITIONS"][1:]]

    @property
    def structure(self) -> Structure:
        """The crystal, read from cards in angstrom and fractional coordinates."""
        matrix = [[float(x) for x in line.split()] for line in self.cards["CELL_PARAMETERS"][1:4]]
        lines = self.cards["ATOMIC_POSITIONS"][1:]
        coords = [[float(x) for x in line.split()[1:4]] for line in lines]
        species = [element_of_label(label) for label in self.labels]
        return Structure(Lattice(matrix), species, coords)

    def set_geometry(self, matrix: np.ndarray, frac_coords: np.ndarray) -> None:
        """Put another geometry of the same atoms into the cards.

        Args:
            matrix: ``[3, 3]`` lattice vectors as rows, angstrom.
            frac_coords: ``[n, 3]`` fractional coordinates.
        """
        self.cards["CELL_PARAMETERS"] = cell_card(matrix)
        self.cards["ATOMIC_POSITIONS"] = positions_card(self.labels, frac_coords)


def element_of_label(label: str) -> str:
    """Element symbol of the label of an atomic type, such as ``Fe`` of ``Fe1``."""
    match = re.match(r"[A-Za-z]{1,2}(?![a-z])", re.sub(r"[\d_-].*", "", label))
    return (match.group(0) if match else label).capitalize()


def cell_card(matrix: np.ndarray) -> list[str]:
    """Card of the lattice vectors (rows, angstrom)."""
    rows = [" ".join(f"{x:18.12f}" for x in row) for row in np.asarray(matrix)]
    return ["CELL_PARAMETERS angstrom", *rows]


def positions_card(labels: list[str], frac_coords: np.ndarray) -> list[str]:
    """Card of the atomic positions in fractional coordinates."""
    rows = [
        f"{label} " + " ".join(f"{x:18.12f}" for x in row)
        for label, row in zip(labels, np.asarray(frac_coords), strict=True)
    ]
    return ["ATOMIC_POSITIONS crystal", *rows]
