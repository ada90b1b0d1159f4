"""The inputs of pw.x as files, for a machine that this one does not start anything on."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pymatgen.core import Structure

from dft_inputs.canonical import canonical_cell
from dft_inputs.errors import MissingProgramError
from dft_inputs.method import Method
from dft_inputs.pseudos import load_family
from dft_inputs.qe import files
from dft_inputs.qe.level import generator_for
from dft_inputs.qe.program import pw_command, pw_version
from dft_inputs.qe.sets import Calculation

NEWEST = (7, 4)
"""The version whose syntax is written where there is no pw.x to ask."""
PSEUDOS = "pseudo"
STEPS: dict[str, tuple[Calculation, ...]] = {"relax": ("scf", "vc-relax")}
"""By workflow; others are one scf."""


def write_inputs(
    structure: Structure, method: Method, system: Sequence[str], folder: Path
) -> list[Path]:
    """Write ``pw.in`` of each kind of run, and the pseudopotentials beside them.

    A validation chooses the occupations of all runs by the first scf, and ends a relaxation with
    another scf of what it came to; neither is known before something runs.

    Args:
        structure: Crystal.
        method: How.
        system: Elements of the hull, whose cutoffs are taken.
        folder: Where to; it can be copied as a whole.

    Returns:
        The input files.

    Raises:
        InputError: If the crystal cannot be computed.
        MissingError: If the pseudopotentials are missing.
    """
    try:
        version = pw_version(pw_command())
    except MissingProgramError:
        version = NEWEST
    cell = canonical_cell(structure)
    family = load_family(method.pseudo_family)
    (folder / PSEUDOS).mkdir(parents=True, exist_ok=True)
    for pseudo in family.require({element.symbol for element in cell.elements}).values():
        shutil.copy(family.folder / pseudo.file, folder / PSEUDOS)
    written = []
    for step in STEPS.get(method.workflow, ("scf",)):
        made = generator_for(method, tuple(system), step).get_input_set(cell, version=version)
        made.pw_input.update({"control": {"pseudo_dir": f"../{PSEUDOS}"}})
        written.append(folder / step / files.INPUT)
        written[-1].parent.mkdir(exist_ok=True)
        written[-1].write_text(str(made.pw_input))
    return written
