"""Grids that a run of VASP leaves: ELFCAR, CHGCAR, and the states near the top from WAVECAR."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import cast

import numpy as np
from monty.io import zopen
from monty.os.path import zpath
from pymatgen.core import IStructure, Structure
from pymatgen.io.vasp import Chgcar, Elfcar, Vasprun
from pymatgen.io.vasp.outputs import Wavecar

from dft_inputs.electrons.grid import Grid
from dft_inputs.errors import TruncatedOutputError
from dft_inputs.garbled import GARBLED

ROUNDING = 1e-3
"""eV; levels that differ by less are one."""
SPIN_CHANNELS = 2


def elf_grid(folder: Path, structure: Structure) -> Grid | None:
    """Electron localisation function of a run; that of two spins is their mean.

    Args:
        folder: With ``ELFCAR``, compressed or not.
        structure: The crystal, whose coordinates are not rounded.

    Returns:
        The grid, or None where there is no such file.

    Raises:
        TruncatedOutputError: If the file is not whole, or of another crystal.
    """
    file = Path(zpath(str(folder / "ELFCAR")))
    if not file.is_file():
        return None
    try:
        read = Elfcar.from_file(str(file))
        channels = [read.data[name] for name in ("spin_up", "spin_down") if name in read.data]
    except (OSError, *GARBLED) as error:
        raise TruncatedOutputError(f"{file} is not a whole ELFCAR: {error}") from error
    values = np.mean(channels or [read.data["total"]], axis=0)
    return _of(structure, read.structure, values, file)


def density_grid(folder: Path, structure: Structure) -> Grid:
    """Valence density of a run, 1/angstrom^3; arguments and errors as for :func:`elf_grid`."""
    return _density(Path(zpath(str(folder / "CHGCAR"))), structure)


def whole_density_grid(folder: Path, structure: Structure) -> Grid | None:
    """Density of all electrons, 1/angstrom^3; arguments and errors as for :func:`elf_grid`.

    Returns:
        That of cores and valence, or None where the run left none.
    """
    files = [Path(zpath(str(folder / name))) for name in ("AECCAR0", "AECCAR2")]
    if not all(file.is_file() for file in files):
        return None
    core, valence = (_density(file, structure) for file in files)
    return Grid(structure, core.values + valence.values)


def _density(file: Path, structure: Structure) -> Grid:
    try:
        read = Chgcar.from_file(str(file))
    except (OSError, *GARBLED) as error:
        raise TruncatedOutputError(f"{file} is not a whole density: {error}") from error
    return _of(structure, read.structure, read.data["total"] / read.structure.volume, file)


def top_states_grid(folder: Path, run: Vasprun, window: float, shape: tuple[int, ...]) -> Grid:
    """Density of the states within ``window`` eV below the highest occupied one, 1/angstrom^3.

    From the pseudo wave functions, which are the true ones outside the spheres of the PAW. What
    they lack of a whole electron lies in the spheres and is put at the nuclei, so that shares of
    voids are right. k-points are those of the irreducible wedge: voids that symmetry makes equal
    are right together, not each.

    Args:
        folder: With ``WAVECAR``, compressed or not.
        run: Weights of the k-points, Fermi level and crystal.
        window: eV.
        shape: Of the grid.

    Raises:
        TruncatedOutputError: If the file is missing or not whole.
    """
    try:
        waves = _wavecar(folder)
        energies = np.array(waves.band_energy)[..., 0].reshape(waves.spin, waves.nk, waves.nb)
        weights = np.asarray(run.actual_kpoints_weights)
        fermi = cast("float", run.efermi)
        top = energies[energies <= fermi + ROUNDING].max()
        states = np.argwhere((energies > top - window) & (energies <= top + ROUNDING))
        number, density = 0.0, np.zeros(waves.ng)
        for spin, kpoint, band in states:
            electrons = SPIN_CHANNELS / waves.spin * weights[kpoint]
            number += electrons
            mesh = np.fft.ifftn(waves.fft_mesh(kpoint, band, spin=spin)) * density.size
            density += electrons * np.abs(mesh) ** 2
    except (OSError, *GARBLED) as error:
        raise TruncatedOutputError(f"The WAVECAR in {folder} is not whole: {error}") from error
    structure = run.final_structure
    grid = Grid(structure, density / structure.volume).resampled(shape)
    missing = max(0.0, number - float(grid.values.sum()) * grid.voxel)
    at = np.rint(structure.frac_coords * shape).astype(int) % shape
    np.add.at(grid.values, tuple(at.T), missing / len(structure) / grid.voxel)
    return grid


def _wavecar(folder: Path) -> Wavecar:
    """The wave functions; pymatgen reads them from plain files only."""
    file = Path(zpath(str(folder / "WAVECAR")))
    if file.name == "WAVECAR":
        return Wavecar(str(file), precision="accurate")
    with tempfile.NamedTemporaryFile(dir=folder) as plain, zopen(file, "rb") as packed:
        shutil.copyfileobj(packed, plain)
        plain.flush()
        return Wavecar(plain.name, precision="accurate")


def _of(structure: Structure, own: Structure | IStructure, values: np.ndarray, file: Path) -> Grid:
    if not np.allclose(own.lattice.matrix, structure.lattice.matrix, atol=1e-3):
        raise TruncatedOutputError(f"{file} is not of the cell of {structure.formula}.")
    return Grid(structure, values)
