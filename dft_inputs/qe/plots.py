"""Grids that pp.x makes from a finished run of pw.x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dft_inputs.electrons.grid import Grid, read_cube
from dft_inputs.qe import files
from dft_inputs.qe.post_process import PostProcessor, require
from dft_inputs.qe.schemas.band_structure import spin_bands
from dft_inputs.qe.schemas.pw_xml import read_pw_xml
from dft_inputs.qe.schemas.task import PwTaskDoc

ELF_PLOT, DENSITY_PLOT, STATES_PLOT = 8, 0, 10
CUBE_FORMAT = 6
THREE_DIMENSIONS = 3
ROUNDING = 1e-3
"""eV; the level of a state and that of the highest occupied one are printed rounded."""


def elf_grid(run: PwTaskDoc, folder: Path, programs: PostProcessor) -> Grid:
    """Electron localisation function (Becke and Edgecombe, J. Chem. Phys. 92, 5397 (1990)).

    Args:
        run: A static run, whose save folder is in ``folder`` too.
        folder: Where pp.x runs; ``elf.cube`` stays there.
        programs: Runs pp.x.

    Raises:
        CalculationError: If pp.x fails.
    """
    cube = _plot(folder, "elf", {"plot_num": ELF_PLOT}, programs)
    return read_cube(cube, run.structure)


def density_grid(run: PwTaskDoc, folder: Path, programs: PostProcessor) -> Grid:
    """Valence density, 1/angstrom^3; arguments and errors as for :func:`elf_grid`."""
    cube = _plot(folder, "density", {"plot_num": DENSITY_PLOT}, programs)
    return read_cube(cube, run.structure, density=True)


def top_states_grid(run: PwTaskDoc, folder: Path, window: float, programs: PostProcessor) -> Grid:
    """Density of the states within ``window`` eV below the highest occupied one, 1/angstrom^3.

    Arguments and errors are those of :func:`elf_grid`.
    """
    top = highest_occupied(folder, run.electronic.fermi_energy or 0.0)
    settings = {"plot_num": STATES_PLOT, "emin": top - window, "emax": top + ROUNDING}
    cube = _plot(folder, "top_states", settings, programs)
    return read_cube(cube, run.structure, density=True)


def highest_occupied(folder: Path, fermi: float) -> float:
    """The highest level of a run that is not above its Fermi level, eV.

    Args:
        folder: Of the run.
        fermi: Its Fermi level, eV, which lies anywhere in a gap.
    """
    eigenvalues, _ = spin_bands(read_pw_xml(files.xml_path(folder))["output"]["band_structure"])
    below = eigenvalues[eigenvalues <= fermi + ROUNDING]
    return float(np.max(below, initial=-np.inf)) if below.size else fermi


def _plot(folder: Path, name: str, settings: dict[str, Any], programs: PostProcessor) -> Path:
    """Run pp.x and return the cube file."""
    data = {
        "prefix": files.PREFIX,
        "outdir": f"./{files.OUTDIR}",
        "filplot": f"{name}.dat",
        **settings,
    }
    plot = {
        "iflag": THREE_DIMENSIONS,
        "output_format": CUBE_FORMAT,
        "fileout": f"{name}.cube",
    }
    programs.run("pp.x", {"inputpp": data, "plot": plot}, folder)
    return require(folder / f"{name}.cube", "pp.x")
