"""Whether the outputs of VASP answer the input that lies beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from emmet.core.tasks import TaskDoc
from pymatgen.core import Structure

from dft_inputs.errors import ForeignOutputError
from dft_inputs.vasp.kpoints import mesh_difference
from dft_inputs.vasp.potcar import is_potcar, potcars_of_run

TAGS = ("ENCUT", "ISPIN", "NSW", "KSPACING", "PSTRESS", "LDAU", "LDAUU", "GGA", "METAGGA")
"""Tags of the INCAR that vasprun.xml repeats as VASP read them, and no correction changes."""
LENGTH_TOLERANCE = 1e-3
"""Angstrom: POSCAR and vasprun.xml are written with different digits."""
ANGLE_TOLERANCE = 0.05
"""Degrees, likewise."""


def check_belonging(task: TaskDoc, asked: Structure, potcars: Mapping[str, str]) -> None:
    """Refuse outputs that are not of this input.

    Args:
        task: atomate2's document of a run.
        asked: The crystal that was asked for; its atoms, whatever became of the cell since.
        potcars: Symbol and hash of the POTCAR by element, as the level has them.

    Raises:
        ForeignOutputError: If atoms, cell at the first step, cutoff, kind of calculation, spin,
            U, functional, k-points or potentials are others.
    """
    differences = list(_differences(task, asked, potcars))
    if differences:
        raise ForeignOutputError(
            f"The output of VASP is of another calculation: {'; '.join(differences)}."
        )


def _differences(task: TaskDoc, asked: Structure, potcars: Mapping[str, str]) -> Iterator[str]:
    found = task.output.structure if task.output else None
    if found is not None and _atoms(found) != _atoms(asked):
        yield f"atoms {_atoms(asked)} were asked for, the output has {_atoms(found)}"
        return
    run = task.calcs_reversed[-1].input if task.calcs_reversed else None
    given = task.orig_inputs
    if run is None:
        return
    titles = {" ".join(spec.titel.split()) for spec in run.potcar_spec or [] if spec.titel}
    yield from _other_potentials(titles, {e: potcars[e] for e in _atoms(asked) if e in potcars})
    yield from _other_files(titles, potcars_of_run(run_folder(task)), potcars)
    if given is None:
        return
    read, written = run.incar or {}, given.incar or {}
    for tag in TAGS:
        if tag in read and tag in written and not _same(read[tag], written[tag]):
            yield f"{tag} {written[tag]} was asked for, the output has {read[tag]}"
    difference = mesh_difference(given.kpoints, run.kpoints)
    if difference and not _corrected(task, "KPOINTS"):
        yield difference
    if given.kpoints is None and "KSPACING" in written and "KSPACING" not in read:
        yield f"KSPACING {written['KSPACING']} was asked for, the output has none"
    # The first structure that VASP repeats is that of the POSCAR.
    began, poscar = run.structure, given.structure
    if began is not None and poscar is not None and not _same_cell(began, poscar):
        yield f"the cell {poscar.lattice.abc} was asked for, the output has {began.lattice.abc}"


def _other_potentials(titles: set[str], potcars: Mapping[str, str]) -> Iterator[str]:
    symbols = {title.split()[1] for title in titles if len(title.split()) > 1}
    wanted = {own.partition(":")[0] for own in potcars.values()}
    if symbols and wanted and symbols != wanted:
        yield f"the potentials {sorted(wanted)} were asked for, the output has {sorted(symbols)}"


def _other_files(
    titles: set[str], beside: Mapping[str, str], potcars: Mapping[str, str]
) -> Iterator[str]:
    """Differences of the POTCAR beside the run from the output, and from the level."""
    if beside and titles and set(beside) != titles:
        yield f"POTCAR has the potentials {sorted(beside)}, the output {sorted(titles)}"
    for title, text in beside.items():
        symbol = " ".join(title.split()[1:2])
        wanted = [own for own in potcars.values() if own.partition(":")[0] == symbol]
        if wanted and not any(is_potcar(text, own) for own in wanted):
            yield f"the POTCAR {title} is not the one of the level"


def run_folder(task: TaskDoc) -> Path:
    """Folder of a run; in its document it stands behind the name of the host."""
    return Path(str(task.dir_name).rpartition(":")[2])


def _corrected(task: TaskDoc, file: str) -> bool:
    """Whether custodian has changed an input file on the way."""
    runs = [run.corrections or [] for run in task.custodian or []]
    actions = [action for run in runs for one in run for action in one.get("actions") or []]
    return any(action.get("dict") == file for action in actions)


def _atoms(structure: Structure) -> dict[str, int]:
    return dict(sorted(Counter(site.specie.symbol for site in structure).items()))


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(np.allclose(np.ravel(one).astype(float), np.ravel(other).astype(float)))
    except (TypeError, ValueError):
        return str(one).lower() == str(other).lower()


def _same_cell(one: Structure, other: Structure) -> bool:
    """Whether lengths and angles agree; how a cell lies in space changes no energy."""
    lengths = np.allclose(one.lattice.abc, other.lattice.abc, atol=LENGTH_TOLERANCE)
    angles = np.allclose(one.lattice.angles, other.lattice.angles, atol=ANGLE_TOLERANCE)
    return len(one) == len(other) and lengths and angles
