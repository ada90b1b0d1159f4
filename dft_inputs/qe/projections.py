"""Projections onto atomic orbitals by projwfc.x: states by element and shell, Loewdin charges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dft_inputs.errors import TruncatedOutputError
from dft_inputs.qe import files
from dft_inputs.qe.post_process import PostProcessor, require
from dft_inputs.qe.schemas.task import PwTaskDoc

_FILE = re.compile(r"pw\.pdos_atm#(\d+)\(([A-Za-z]+)\d*\)_wfc#\d+\(([a-z])(?:_j[\d.]+)?\)$")
_CHARGE = re.compile(r"Atom #\s*(\d+): total charge =\s*(-?[\d.]+)")
_POLARIZATION = re.compile(r"Atom #\s*(\d+): polarization\s*=\s*(-?[\d.]+)")
_SPILLING = re.compile(r"Spilling Parameter:\s*(-?[\d.]+)")


@dataclass(frozen=True)
class Projections:
    """What projwfc.x gives.

    Attributes:
        energies: ``[E]`` eV.
        total: ``[spins, E]`` states/eV per cell.
        projected: Element and shell, such as ``O p`` -> ``[spins, E]``.
        populations: Valence electrons of each atom (Loewdin).
        moments: Bohr magnetons of each atom; empty without spin.
        spilling: Share of the states that the atomic orbitals do not span.
    """

    energies: np.ndarray
    total: np.ndarray
    projected: dict[str, np.ndarray]
    populations: list[float]
    moments: list[float]
    spilling: float


def project(
    bands: PwTaskDoc, folder: Path, energy_step: float, programs: PostProcessor
) -> Projections:
    """Project bands on a mesh.

    Args:
        bands: Bands on a mesh, whose save folder is in ``folder`` too.
        folder: Where projwfc.x runs.
        energy_step: Step of the energy axis, eV.
        programs: Runs projwfc.x.

    Raises:
        CalculationError: If projwfc.x fails.
    """
    settings = {
        "prefix": files.PREFIX,
        "outdir": f"./{files.OUTDIR}",
        "filpdos": "pw",
        "deltae": energy_step,
    }
    stdout = programs.run("projwfc.x", {"projwfc": settings}, folder)
    table = _table(require(folder / "pw.pdos_tot", "projwfc.x"))
    spins = (table.shape[1] - 1) // 2
    projected: dict[str, np.ndarray] = {}
    for file in sorted(folder.glob("pw.pdos_atm*")):
        match = _FILE.search(file.name)
        if match is None:
            raise TruncatedOutputError(f"projwfc.x wrote a file of unknown kind: {file.name}")
        density = _table(file)[:, 1 : 1 + spins].T
        name = f"{match.group(2)} {match.group(3)}"
        projected[name] = projected.get(name, 0.0) + density
    populations = dict(_CHARGE.findall(stdout))
    if len(populations) != bands.n_atoms:
        raise TruncatedOutputError(
            f"projwfc.x printed charges of {len(populations)} of {bands.n_atoms} atoms."
        )
    spilling = _SPILLING.search(stdout)
    return Projections(
        energies=table[:, 0],
        total=table[:, 1 : 1 + spins].T,
        projected=projected,
        populations=[float(value) for value in populations.values()],
        moments=[float(value) for _, value in _POLARIZATION.findall(stdout)],
        spilling=float(spilling.group(1)) if spilling else float("nan"),
    )


def _table(file: Path) -> np.ndarray:
    """Numbers of a table; Fortran drops the E of very small ones, which are zero then."""
    text = re.sub(r"(\d)([-+]\d{3})\b", r"\1E\2", file.read_text())
    rows = [line.split() for line in text.splitlines() if not line.lstrip().startswith("#")]
    return np.array([row for row in rows if row], dtype=float)
