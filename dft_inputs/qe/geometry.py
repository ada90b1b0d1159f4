"""The last geometry that a run of pw.x printed, even if it was cut off in the middle."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pymatgen.core import Lattice, Structure

from dft_inputs.garbled import GARBLED
from dft_inputs.qe import files
from dft_inputs.qe.pw_input import PwInput

_NUMBERS = r"[ \t]+-?\d+\.\d+[ \t]+-?\d+\.\d+[ \t]+-?\d+\.\d+"


def last_geometry(directory: Path) -> Structure | None:
    """Last complete geometry in the standard output of a relaxation.

    Args:
        directory: Folder with ``pw.in`` and ``pw.out``.

    Returns:
        The crystal, or None when not one ionic step was finished.
    """
    path = directory / files.OUTPUT
    if not path.is_file() or not (directory / files.INPUT).is_file():
        return None
    try:
        pw_input = PwInput.from_directory(directory)
        start = pw_input.structure
    # A pw.in that was cut off while it was written is nothing to go on from.
    except GARBLED:
        return None
    text = path.read_text(errors="replace")
    n_atoms = len(pw_input.labels)
    # A block that lacks rows was cut off while it was written: the one before it counts.
    rows = rf"(?:[ \t]*[A-Za-z]\w*{_NUMBERS}[^\n]*\n){{{n_atoms}}}"
    positions = re.findall(rf"ATOMIC_POSITIONS \(crystal\)\n({rows})", text)
    if not positions:
        return None
    frac_coords = [[float(x) for x in row.split()[1:4]] for row in positions[-1].splitlines()]
    cells = re.findall(rf"CELL_PARAMETERS \(angstrom\)\n((?:{_NUMBERS}[ \t]*\n){{3}})", text)
    matrix = start.lattice.matrix
    if cells:
        matrix = np.array([[float(x) for x in row.split()] for row in cells[-1].splitlines()])
    return Structure(Lattice(matrix), start.species, frac_coords)
