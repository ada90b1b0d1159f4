"""What an interpretation of one crystal gives, and the files that it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.crystal.asked import Crystal
from dao_core.potentials.choice import Purpose

PURPOSES: Mapping[str, Purpose] = {
    "phonons": "phonons",
    "surface": "surfaces",
    "layer": "surfaces",
    "defects": "defects",
}
"""What a potential is for in each kind of interpretation."""


@dataclass(frozen=True)
class Finding:
    """What was found about one crystal.

    Attributes:
        settings: What decides the figures beside crystal and level.
        figures: JSON values.
        flags: What a reader must know first; None is left out.
    """

    settings: Mapping[str, Any]
    figures: Mapping[str, Any]
    flags: Sequence[str | None] = ()


def write_cif(structure: Structure, crystal: Crystal, what: str, out: Path) -> str:
    """Write what came of a crystal and return the file, named after both.

    Args:
        structure: What came of it.
        crystal: What was asked about.
        what: Says what it is, in the name of the file.
        out: Folder; it is made where it is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{Path(crystal.name).stem}_{what}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
