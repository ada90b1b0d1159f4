"""A DFT code: a job that runs a program, and a result made of what the program wrote."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase.units import GPa
from jobflow import Flow, job
from pymatgen.core import Structure

from dft_inputs.canonical import canonical_cell
from dft_inputs.errors import MissingProgramError, UnrecoverableError, WalltimeError
from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.request import CalculationRequest
from dft_inputs.running.tether import TIMED_OUT, tether


def require_programs(method: Method) -> None:
    """Whether a crystal can be computed at all is known before anything else is done."""
    if method.command is None:
        raise MissingProgramError("No command runs the program: name one.")


def level_for(_method: Method, elements: Collection[str], _system: object) -> LevelOfTheory:
    """Everything that changes an energy: two levels of one fingerprint share a hull."""
    return LevelOfTheory(
        code="emt", version="1", functional="emt", protocol="fast", pseudo_family="emt",
        pseudo_md5=dict.fromkeys(elements, "emt-jacobsen-1996"), settings={"asap_cutoff": False},
    )  # fmt: skip


@job
def static(crystal: Structure, command: str, walltime: float | None) -> dict[str, Any]:
    """Run the program in the folder of the job."""
    ase.io.write("crystal.xyz", crystal.to_ase_atoms(), format="extxyz")
    words = [*tether(walltime), *shlex.split(command)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    if run.returncode == TIMED_OUT:
        raise WalltimeError(f"The program was ended after {walltime:g} s.")
    if run.returncode:
        raise UnrecoverableError(f"The program in {Path.cwd()} ended with: {run.stderr[-500:]}")
    done = ase.io.read("result.xyz", format="extxyz")
    return {"energy": done.get_potential_energy(), "forces": done.get_forces().tolist(),
            "stress": (done.get_stress(voigt=False) / GPa).tolist(),
            "structure": Structure.from_ase_atoms(done), "folder": str(Path.cwd())}  # fmt: skip


def flow_for(request: CalculationRequest, walltime: float | None) -> Flow:
    """The flow of a request; its output goes to :func:`result_of`."""
    made = static(canonical_cell(request.structure), request.method.command, walltime)
    return Flow([made], output=made.output)


def result_of(
    request: CalculationRequest, output: dict[str, Any], _documents: Sequence[Mapping[str, Any]]
) -> CalculationResult:
    """The fields that all codes share; what is not known is None, never a guess."""
    crystal, forces = output.pop("structure"), np.array(output["forces"])
    return CalculationResult(
        key=request.key, formula=crystal.composition.reduced_formula,
        chemical_system=crystal.composition.chemical_system, n_atoms=len(crystal),
        structure=crystal, energy_per_atom=output["energy"] / len(crystal), volume=crystal.volume,
        pressure=-float(np.trace(output["stress"])) / 3, forces=output["forces"],
        max_force=float(np.linalg.norm(forces, axis=1).max()), stress=output["stress"],
        band_gap=None, total_magnetization=None, fingerprint=request.level.fingerprint(),
        level=request.level.name, code="emt", version="1", dir_name=output["folder"], task=output,
    )  # fmt: skip
