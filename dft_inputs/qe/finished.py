"""Reading the XML file of a pw.x run that was made elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.level_names import level_name
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.errors import ContradictoryOutputError
from dft_inputs.finished import (
    FinishedRun,
    NoLabelError,
    OtherRunError,
    mesh_class,
    smearing_class,
)
from dft_inputs.garbled import GARBLED
from dft_inputs.qe import files
from dft_inputs.qe.pw_input import PwInput, element_of_label
from dft_inputs.qe.schemas.belonging import check_belonging, check_consistency
from dft_inputs.qe.schemas.failure import diagnose
from dft_inputs.qe.schemas.pw_stdout import read_pw_stdout
from dft_inputs.qe.schemas.pw_xml import (
    HARTREE_EV,
    forces_of,
    garbled,
    read_pw_xml,
    stress_of,
    structure_of,
)

SELF_CONSISTENT = ("scf", "relax", "vc-relax", "md", "vc-md")
HEAD_BYTES = 4000
MARKS = (b"qes:espresso", b"<espresso")
LONGEST_SYMBOL = 2
STILL_MOVING = {"relax": 2.0, "vc-relax": 20.0}
"""Largest force over the run's own threshold that a converged relaxation may end with: after a
vc-relax, the last scf has another set of plane waves than the steps before it."""


def read_finished_run(file: Path) -> FinishedRun:
    """The last configuration of a finished, converged, self-consistent run of a neutral cell.

    Args:
        file: XML file of pw.x, wherever it lies; ``pw.in`` and ``pw.out`` are looked at where they
            lie as in our own folders, pseudopotentials where pw.x copied or read them.

    Returns:
        The run.

    Raises:
        OtherRunError: If it is no XML file of pw.x, or not of a self-consistent calculation.
        NoLabelError: If it did not converge, ended with an error, or the cell is charged.
        CalculationError: If it is cut off, damaged, or of another calculation than its input.
    """
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not any(mark in head for mark in MARKS):
        raise OtherRunError("no_pw_output", f"{file.name} is no XML file of pw.x.")
    xml = read_pw_xml(file)
    try:
        _require_usable(xml)
        check_consistency(xml)
        _require_own(file, xml)
        return _run(file, xml)
    except GARBLED as error:
        raise garbled(error) from error


def _run(file: Path, xml: dict[str, Any]) -> FinishedRun:
    output = xml["output"]
    structure = structure_of(output["atomic_structure"])
    energy = output["total_energy"]["etot"] * HARTREE_EV
    if not np.isfinite(energy):
        raise ContradictoryOutputError("The total energy in the XML file is not a number.")
    stress = stress_of(output.get("stress"))
    version = xml["general_info"]["creator"]["@VERSION"]
    return FinishedRun(
        structure=structure,
        energy=energy,
        forces=forces_of(output.get("forces")),
        stress=stress and (np.array(stress) / EV_PER_CUBIC_ANGSTROM_IN_GPA).tolist(),
        level=_level(file, xml, structure),
        properties={"code": f"pw.x {version}"},
    )


def _require_usable(xml: dict[str, Any]) -> None:
    """Refuse what did not end as it should.

    Raises:
        NoLabelError: With the reason.
    """
    given, output = xml["input"], xml["output"]
    calculation = given["control_variables"]["calculation"]
    if calculation not in SELF_CONSISTENT:
        raise OtherRunError(calculation, f"{calculation} runs have no energy of their own.")
    if not output["convergence_info"]["scf_conv"]["convergence_achieved"]:
        raise NoLabelError("not_converged", "The self-consistent field did not converge.")
    ionic = output["convergence_info"].get("opt_conv")
    if ionic is not None and not ionic["convergence_achieved"]:
        raise NoLabelError("relaxation_not_converged", "The relaxation did not converge.")
    # The name of the element has changed between releases.
    status = int(xml.get("exit_status") or xml.get("status") or 0)
    if status != 0:
        raise NoLabelError("exit_status", f"pw.x ended with the status {status}.")
    charge = float(given["bands"].get("tot_charge") or 0.0)
    if charge:
        raise NoLabelError("charged_cell", f"A cell of charge {charge:+g} has no place on a hull.")
    allowed = STILL_MOVING.get(calculation)
    forces = forces_of(output.get("forces"))
    if allowed is not None and forces is not None:
        # Rydberg/bohr in the input, hartree/bohr in the XML file.
        threshold = forces_of({"$": [given["control_variables"]["forc_conv_thr"]] * 3})
        if np.abs(forces).max() > allowed * threshold[0][0]:  # type: ignore[index]
            raise NoLabelError(
                "relaxation_not_converged", "The last forces are larger than its threshold."
            )


def _require_own(file: Path, xml: dict[str, Any]) -> None:
    """Compare with input and standard output where they lie as in our own folders.

    Raises:
        CalculationError: If the standard output tells of a failure, or the input of another run.
    """
    folder = file.parent.parent
    if file != files.xml_path(folder) or not (folder / files.INPUT).is_file():
        return
    failure = diagnose(folder) if (folder / files.OUTPUT).is_file() else None
    if failure is not None:
        raise failure
    stdout = read_pw_stdout(folder / files.OUTPUT)
    check_belonging(xml, stdout, PwInput.from_directory(folder), {})


def _level(file: Path, xml: dict[str, Any], structure: Structure) -> str:
    """The level: everything in the file that changes an energy."""
    given, output = xml["input"], xml["output"]
    theory = output["dft"]
    smearing = given["bands"].get("smearing") or {}
    width = float(smearing.get("@degauss", 0.0)) * HARTREE_EV
    mesh = given["k_points_IBZ"].get("monkhorst_pack")
    settings = {
        "ecutwfc": round(2 * given["basis"]["ecutwfc"]),  # Ry
        "ecutrho": round(2 * given["basis"]["ecutrho"]),
        "spin": _spin(given["spin"]),
        "hybrid": theory.get("hybrid"),
        "vdw": _without_results(given["dft"].get("vdW")),
        "boundary": given.get("boundary_conditions"),
        "field": given.get("electric_field"),
        "smearing": smearing_class(str(smearing.get("$")), width),
        "k-points": mesh_class(
            structure, mesh and tuple(int(mesh[f"@nk{axis}"]) for axis in (1, 2, 3))
        ),
    }
    species = output["atomic_species"]["species"]
    species = species if isinstance(species, list) else [species]
    hubbard = given["dft"].get("dftU") or {}
    by_element: dict[str, Any] = {}
    for one in species:
        element = element_of_label(one["@name"])
        own = [_pseudo_identity(file, xml, one["pseudo_file"]), _corrections(hubbard, one["@name"])]
        by_element.setdefault(element, [])
        if own not in by_element[element]:
            by_element[element].append(own)
    functional = str(theory["functional"]).lower()
    named = {name: value for name, value in settings.items() if value is not None}
    return level_name(f"qe-{functional}", named, by_element)


def _spin(spin: dict[str, Any]) -> str:
    if spin.get("spinorbit"):
        return "spin-orbit"
    return "noncollinear" if spin.get("noncolin") else "collinear" if spin.get("lsda") else "none"


def _without_results(term: dict[str, Any] | None) -> dict[str, Any] | None:
    if term is None:
        return None
    return {name: value for name, value in term.items() if name != "total_energy_term"}


def _corrections(hubbard: dict[str, Any], label: str) -> list[Any]:
    """What DFT+U adds to an atomic type: kind of the parameter, shell, eV as the input has it."""
    found: list[Any] = []
    for name, given in hubbard.items():
        if name.startswith("Hubbard_") and name != "Hubbard_ns":
            entries = given if isinstance(given, list) else [given]
            found += [
                [name, {key: value for key, value in one.items() if key != "@specie"}]
                for one in entries
                if isinstance(one, dict) and label in map(str, one.values()) and one.get("$")
            ]
    return [hubbard.get("lda_plus_u_kind"), found] if found else []


def _pseudo_identity(file: Path, xml: dict[str, Any], name: str) -> str:
    """The md5 of a pseudopotential where its file is found, else its name.

    A name such as ``Si.upf`` says nothing: there the folder is what tells one set from another.
    """
    for folder in _pseudo_folders(file, xml):
        path = folder / name
        if path.is_file():
            return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if len(Path(name).stem) > LONGEST_SYMBOL:
        return name
    return f"{xml['output']['atomic_species'].get('@pseudo_dir', '')}/{name}"


def _pseudo_folders(file: Path, xml: dict[str, Any]) -> Iterator[Path]:
    """Where the pseudopotentials of a run may lie: its save folder first, which has copies."""
    prefix = xml["input"]["control_variables"]["prefix"]
    yield from (file.parent, file.parent / f"{prefix}.save")
    named = Path(str(xml["output"]["atomic_species"].get("@pseudo_dir") or "."))
    yield from (start / named for start in (file.parent, *list(file.parent.parents)[:2]))
