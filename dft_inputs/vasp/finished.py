"""Reading the vasprun.xml of a VASP run that was made elsewhere."""

from __future__ import annotations

import hashlib
import re
import warnings
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
from monty.io import zopen
from pymatgen.core import Structure
from pymatgen.io.vasp import Kpoints, Vasprun

from dao_core.level_names import level_name
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.errors import ForeignOutputError, TruncatedOutputError
from dft_inputs.finished import (
    FinishedRun,
    NoLabelError,
    OtherRunError,
    mesh_class,
    smearing_class,
)
from dft_inputs.garbled import GARBLED
from dft_inputs.vasp.kpoints import mesh_difference
from dft_inputs.vasp.potcar import potcars_of_run

KBAR_PER_GPA = 10.0
CHARGE_TOLERANCE = 1e-3
FORCE_MARGIN = 1.05
"""Forces may exceed EDIFFG by what the last constraint or symmetrisation changes."""
FIRST_NON_SELF_CONSISTENT = 10
"""ICHARG from which the density is not made self-consistent."""
MINIMISERS = (1, 2, 3)
"""Values of IBRION that relax."""
SETTINGS = ("GGA", "METAGGA", "IVDW", "LUSE_VDW", "LHFCALC", "AEXX", "HFSCREEN", "LASPH", "PSTRESS",
            "LSOL", "EFIELD", "IDIPOL")  # fmt: skip
"""Tags that change an energy, besides cutoff, spin, k-points, smearing, U and potentials."""
OFF = (None, False, 0.0, "--", "None", "")
_TYPES = re.compile(r'<array name="atomtypes".*?</array>', re.DOTALL)
_ROW = re.compile(r"<rc><c>(.*?)</c><c>(.*?)</c><c>.*?</c><c>(.*?)</c><c>(.*?)</c></rc>")


def read_finished_run(file: Path) -> FinishedRun:
    """The last configuration of a finished, converged, self-consistent run of a neutral cell.

    Args:
        file: ``vasprun.xml``, compressed or not; POTCAR and KPOINTS beside it are looked at.

    Returns:
        The run.

    Raises:
        OtherRunError: If the run is not self-consistent.
        NoLabelError: If it did not converge, or the cell is charged.
        CalculationError: If the file is cut off, damaged, or contradicts itself.
    """
    try:
        with warnings.catch_warnings():
            # It warns of missing POTCARs and unconverged runs; neither is overlooked here.
            warnings.simplefilter("ignore")
            run = Vasprun(file, parse_dos=False, parse_eigen=False, parse_potcar_file=False)
            types = _atom_types(file)
            _require_usable(file, run, types)
            return _run(file, run, types)
    except (OSError, EOFError, zlib.error, SyntaxError, ParseError, *GARBLED) as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise TruncatedOutputError(f"{file.name} cannot be read ({text}).") from error


def _run(file: Path, run: Vasprun, types: list[tuple[int, str, float, str]]) -> FinishedRun:
    structure, step = run.final_structure, run.ionic_steps[-1]
    # VASP counts the stress of a compressed crystal as positive, in kbar.
    unit = -1 / (KBAR_PER_GPA * EV_PER_CUBIC_ANGSTROM_IN_GPA)
    return FinishedRun(
        structure=structure,
        energy=float(run.final_energy),
        forces=np.asarray(step["forces"]).tolist() if "forces" in step else None,
        stress=(unit * np.asarray(step["stress"])).tolist() if "stress" in step else None,
        level=_level(file, run, structure, types),
        properties={"code": f"vasp {run.vasp_version}", "potcars": list(run.potcar_symbols)},
    )


def _require_usable(file: Path, run: Vasprun, types: list[tuple[int, str, float, str]]) -> None:
    """Refuse what did not end as it should.

    Raises:
        CalculationError: With the reason.
    """
    parameters = run.parameters
    if int(parameters.get("ICHARG") or 0) >= FIRST_NON_SELF_CONSISTENT:
        raise OtherRunError("nscf", "A run at a fixed density has no energy of its own.")
    if not run.converged:
        raise NoLabelError("not_converged", "The electrons or the ions did not converge.")
    counts = {element: sum(n for n, one, *_ in types if one == element) for _, element, *_ in types}
    found = run.final_structure.composition.get_el_amt_dict()
    if counts != {element: int(n) for element, n in found.items()}:
        raise ForeignOutputError(f"vasprun.xml lists atoms {counts}, its structure has {found}.")
    _require_own_inputs(file.parent, run, {title for *_, title in types})
    charge = sum(n * valence for n, _, valence, _ in types) - float(parameters["NELECT"])
    if abs(charge) > CHARGE_TOLERANCE:
        raise NoLabelError("charged_cell", f"A cell of charge {charge:+g} has no place on a hull.")
    threshold, step = float(parameters.get("EDIFFG") or 0.0), run.ionic_steps[-1]
    relaxes = int(parameters["NSW"]) > 0 and int(parameters["IBRION"]) in MINIMISERS
    if relaxes and threshold < 0 and "forces" in step:
        largest = float(np.linalg.norm(step["forces"], axis=1).max())
        if largest > FORCE_MARGIN * -threshold:
            raise NoLabelError(
                "not_converged",
                f"The relaxation was stopped at a force of {largest:.3g} eV/angstrom; EDIFFG asks "
                f"for {-threshold:.3g}.",
            )


def _require_own_inputs(folder: Path, run: Vasprun, titles: set[str]) -> None:
    """Refuse a run beside potentials or k-points that are not its own.

    Raises:
        ForeignOutputError: With what the folder and the file have.
    """
    beside = set(potcars_of_run(folder))
    if beside and beside != titles:
        raise ForeignOutputError(f"POTCAR has {sorted(beside)}, vasprun.xml {sorted(titles)}.")
    written = next((f for f in (folder / "KPOINTS", folder / "KPOINTS.gz") if f.is_file()), None)
    difference = written and mesh_difference(Kpoints.from_file(written), run.kpoints)
    if difference:
        raise ForeignOutputError(f"vasprun.xml is not of the KPOINTS beside it: {difference}.")


def _atom_types(file: Path) -> list[tuple[int, str, float, str]]:
    """Number of atoms, element, valence electrons and POTCAR title of each type."""
    with zopen(file, mode="rt", encoding="utf-8") as stream:
        text = str(stream.read())
    table = _TYPES.search(text)
    rows = _ROW.findall(table.group(0)) if table else []
    return [
        (int(n), element.strip(), float(valence), " ".join(title.split()))
        for n, element, valence, title in rows
    ]


def _level(
    file: Path, run: Vasprun, structure: Structure, types: list[tuple[int, str, float, str]]
) -> str:
    """The level: everything in the file that changes an energy."""
    parameters = run.parameters
    mesh = run.kpoints.kpts[0] if run.kpoints is not None and run.kpoints.num_kpts == 0 else None
    width = float(parameters.get("SIGMA") or 0.0) if int(parameters.get("ISMEAR") or 0) >= -1 else 0
    values = {name: parameters.get(name) for name in SETTINGS}
    settings = {
        **{name: value for name, value in values.items() if value not in OFF},
        "spin": _spin(parameters),
        "smearing": smearing_class(f"ISMEAR {parameters.get('ISMEAR')}", width),
        "k-points": mesh_class(structure, mesh and tuple(int(n) for n in mesh)),
    }
    texts = potcars_of_run(file.parent)
    hashes = {
        title: hashlib.sha256(text.strip().encode()).hexdigest() for title, text in texts.items()
    }
    by_element: dict[str, Any] = {}
    for index, (_, element, _, title) in enumerate(types):
        own = [hashes.get(title, title), _hubbard(parameters, index)]
        by_element.setdefault(element, [])
        if own not in by_element[element]:
            by_element[element].append(own)
    family = min(title.split()[0] for _, _, _, title in types)
    prefix = f"vasp-{run.run_type}-{family}-{parameters['ENMAX']:.0f}eV".lower()
    named = {name: value for name, value in settings.items() if value is not None}
    return level_name(prefix, named, by_element)


def _spin(parameters: Any) -> str:
    if parameters.get("LSORBIT"):
        return "spin-orbit"
    if parameters.get("LNONCOLLINEAR"):
        return "noncollinear"
    return "collinear" if int(parameters.get("ISPIN") or 1) == 2 else "none"


def _hubbard(parameters: Any, index: int) -> list[float]:
    """l, U and J (eV) of an atomic type; empty where it has none."""
    columns = [parameters.get(name) or [] for name in ("LDAUL", "LDAUU", "LDAUJ")]
    if not parameters.get("LDAU") or any(len(column) <= index for column in columns):
        return []
    own = [float(column[index]) for column in columns]
    return own if own[0] >= 0 and (own[1] or own[2]) else []
