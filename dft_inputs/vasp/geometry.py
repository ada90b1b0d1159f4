"""The last geometry that an interrupted relaxation by VASP left."""

from __future__ import annotations

from pathlib import Path

from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from dft_inputs.garbled import GARBLED


def last_geometry(folder: Path) -> Structure | None:
    """Newest geometry of all runs of a calculation; VASP writes CONTCAR after each ionic step.

    Args:
        folder: Folder of the calculation, whose runs have folders of their own in it.

    Returns:
        The crystal, or None when not one ionic step was finished.
    """
    files = sorted(folder.glob("*/CONTCAR*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for file in files:
        try:
            # A run that was killed while it wrote leaves a part: the run before it counts.
            crystal: Structure = Poscar.from_file(file, check_for_potcar=False).structure
        except (OSError, *GARBLED):
            continue
        return crystal
    return None
