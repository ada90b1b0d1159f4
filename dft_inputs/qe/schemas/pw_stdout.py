"""What the standard output of pw.x says: the signatures of success and of each failure."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from dao_core.units import KBAR_PER_GPA

_ENERGY = re.compile(r"^!\s+total energy\s+=\s+(-?\d+\.\d+) Ry", re.MULTILINE)
_VERSION = re.compile(r"Program PWSCF v\.(\S+)")
_ERROR = re.compile(r"Error in routine\s+(\S+)\s*\((-?\d+)\):\s*\n\s*(.*?)\s*\n\s*%{5,}", re.DOTALL)
_STRESS = re.compile(
    r"total\s+stress.*P=.*\n((?:[ \t]*(?:-?\d+\.\d+[ \t]+){5}-?\d+\.\d+[ \t]*\n){3})"
)
"""A number too wide for its column is printed as stars: such a block counts as none."""
_PSEUDO = re.compile(
    r"PseudoPot\. #\s*\d+ for\s+(\S+)\s+read from file:.*?MD5 check sum:\s*(\S+)", re.DOTALL
)
_WALL = re.compile(r"PWSCF\s+:.*CPU\s+(.+?)\s*WALL")
_ITERATIONS = re.compile(r"convergence has been achieved in\s+(\d+) iterations")
_STEPS_EXHAUSTED = re.compile(
    r"The maximum number of steps has been reached"  # BFGS
    r"|Maximum number of iterations reached, stopping"  # damped dynamics of atoms or cell
)


class PwStdout(BaseModel):
    """Signatures in the standard output of one pw.x run."""

    version: str | None
    job_done: bool = Field(description="JOB DONE was printed; alone this is not success")
    energies: list[float] = Field(description="Total energy of each converged scf, Ry")
    stresses: list[list[list[float]]] = Field(
        description="Stress after each scf, GPa, negative diagonal when compressed"
    )
    scf_iterations: list[int] = Field(description="Iterations of each converged scf")
    scf_not_converged: bool
    steps_exhausted: bool = Field(description="nstep was reached")
    time_exceeded: bool = Field(description="max_seconds was reached")
    bfgs_failed: bool
    relaxation_finished: bool = Field(description="The final coordinates were printed")
    pseudo_md5: dict[str, str] = Field(description="md5 of each pseudopotential by atomic type")
    error_routine: str | None
    error_message: str | None
    wall_seconds: float | None


def read_pw_stdout(path: Path) -> PwStdout:
    """Read the standard output of pw.x.

    Args:
        path: The file; a missing one is read as empty.

    Returns:
        Its signatures.
    """
    text = path.read_text(errors="replace") if path.is_file() else ""
    error = _ERROR.search(text)
    version = _VERSION.search(text)
    wall = _WALL.findall(text)
    return PwStdout(
        version=version.group(1) if version else None,
        job_done="JOB DONE." in text,
        energies=[float(energy) for energy in _ENERGY.findall(text)],
        stresses=[_stress(block) for block in _STRESS.findall(text)],
        scf_iterations=[int(n) for n in _ITERATIONS.findall(text)],
        scf_not_converged="convergence NOT achieved" in text,
        steps_exhausted=bool(_STEPS_EXHAUSTED.search(text)),
        time_exceeded="Maximum CPU time exceeded" in text,
        bfgs_failed=bool(re.search(r"history already reset|bfgs failed|dE0s is positive", text)),
        relaxation_finished="End final coordinates" in text,
        pseudo_md5=dict(_PSEUDO.findall(text)),
        error_routine=error.group(1) if error else None,
        error_message=" ".join(error.group(3).split()) if error else None,
        wall_seconds=_seconds(wall[-1]) if wall else None,
    )


def _stress(block: str) -> list[list[float]]:
    rows = [[float(x) for x in line.split()[3:6]] for line in block.strip().splitlines()]
    return (-np.array(rows) / KBAR_PER_GPA).tolist()


def _seconds(text: str) -> float:
    """Seconds of a duration as pw.x prints it, such as ``1d 2h 3m 4.05s``."""
    units = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"(\d+\.?\d*)\s*([dhms])", text))
