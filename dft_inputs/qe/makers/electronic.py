"""Density of states, bands and electron localisation function of a crystal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jobflow import Flow, Job, job
from pymatgen.core import Structure
from typing_extensions import override

from dft_inputs.errors import CalculationError
from dft_inputs.kpoints import band_path
from dft_inputs.qe import files
from dft_inputs.qe.makers.after_static import AfterStaticMaker
from dft_inputs.qe.makers.base import copy_save
from dft_inputs.qe.plots import elf_grid
from dft_inputs.qe.post_process import require, run_program
from dft_inputs.qe.schemas.band_structure import spin_bands
from dft_inputs.qe.schemas.pw_xml import read_pw_xml
from dft_inputs.qe.schemas.spectra import BandsDoc, DosDoc, ElfDoc
from dft_inputs.qe.schemas.task import PwTaskDoc


@dataclass
class DosMaker(AfterStaticMaker):
    """Makes a density of states, a :class:`DosDoc`: static, bands on a denser mesh, dos.x.

    Attributes:
        density: How many times closer the k-points of the dense mesh are.
        energy_step: Step of the energy axis, eV.
    """

    name: str = "density of states"
    density: float = 2.0
    energy_step: float = 0.05

    @override
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """Bands on the dense mesh, and their density."""
        nscf = self.on_dense_mesh(static, structure, self.density)
        return [nscf, density_of_states(nscf.output, self.energy_step)]


@job(output_schema=DosDoc)
def density_of_states(nscf: PwTaskDoc, energy_step: float) -> DosDoc:
    """Density of states from bands on a mesh.

    Args:
        nscf: Bands on the mesh, with tetrahedra.
        energy_step: Step of the energy axis, eV.

    Returns:
        The density of states.

    Raises:
        CalculationError: If dos.x fails.
    """
    folder = Path.cwd()
    copy_save(Path(nscf.dir_name), folder)
    settings = {"prefix": files.PREFIX, "outdir": f"./{files.OUTDIR}", "deltae": energy_step}
    run_program("dos.x", {"dos": {**settings, "fildos": "pw.dos"}}, folder)
    table = np.loadtxt(require(folder / "pw.dos", "dos.x"))
    # One spin: energy, density, integral. Two spins: energy, up, down, integral.
    energies, densities = table[:, 0], table[:, 1:-1].T
    fermi = nscf.electronic.fermi_energy
    if fermi is None:
        raise CalculationError("The bands have no Fermi level.")
    return DosDoc(
        formula=nscf.formula,
        energies=energies.tolist(),
        densities=densities.tolist(),
        fermi_energy=fermi,
        at_fermi=float(sum(np.interp(fermi, energies, row) for row in densities)),
        dir_name=str(folder),
    )


@dataclass
class BandsMaker(AfterStaticMaker):
    """Makes bands, a :class:`BandsDoc`, along the path of the standard primitive cell.

    Attributes:
        line_density: k-points per 1/angstrom of the path.
    """

    name: str = "bands"
    line_density: int = 20

    @override
    def make(self, structure: Structure, prev_dir: str | Path | None = None) -> Flow:
        """Make the flow for the cell that the path belongs to; it needs a density of its own."""
        primitive, _, _ = band_path(structure, self.line_density)
        return super().make(primitive)

    @override
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """The bands, and their collection."""
        _, kpoints, labels = band_path(structure, self.line_density)
        points = kpoints.tolist()
        along = self.non_scf("bands", static, structure, calculation="bands", kpoints=points)
        return [along, bands_along_path(static, along.output, points, labels)]


@job(output_schema=BandsDoc)
def bands_along_path(
    static: PwTaskDoc, along: PwTaskDoc, kpoints: list[list[float]], labels: list[str]
) -> BandsDoc:
    """Collect the bands along a path.

    Args:
        static: The scf, whose Fermi level counts.
        along: The bands.
        kpoints: The path ``[n, 3]``.
        labels: One per k-point.

    Returns:
        The bands.

    Raises:
        CalculationError: If the number of k-points is another.
    """
    xml = read_pw_xml(files.xml_path(Path(along.dir_name)))
    eigenvalues, _ = spin_bands(xml["output"]["band_structure"])
    if eigenvalues.shape[1] != len(kpoints):
        raise CalculationError(
            f"pw.x computed {eigenvalues.shape[1]} of {len(kpoints)} k-points of the path."
        )
    gap, direct = _gap_on_path(eigenvalues, static)
    return BandsDoc(
        formula=along.formula,
        kpoints=kpoints,
        labels=labels,
        eigenvalues=eigenvalues.tolist(),
        fermi_energy=static.electronic.fermi_energy,
        band_gap=gap,
        direct=direct,
        dir_name=along.dir_name,
    )


def _gap_on_path(eigenvalues: np.ndarray, static: PwTaskDoc) -> tuple[float | None, bool | None]:
    """Gap between the filled and the empty bands of an insulator without spin."""
    if static.electronic.is_metal:
        return 0.0, None
    filled = round(static.electronic.n_electrons / 2)
    if eigenvalues.shape[0] == 2 or eigenvalues.shape[2] <= filled:
        return None, None
    top, bottom = eigenvalues[0, :, filled - 1], eigenvalues[0, :, filled]
    return float(bottom.min() - top.max()), bool(bottom.argmin() == top.argmax())


@dataclass
class ElfMaker(AfterStaticMaker):
    """Makes the electron localisation function, an :class:`ElfDoc`: static, then pp.x."""

    name: str = "electron localisation function"

    @override
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """The function of the static run."""
        return [electron_localisation(static)]


@job(output_schema=ElfDoc)
def electron_localisation(static: PwTaskDoc) -> ElfDoc:
    """Electron localisation function from a static run (Becke and Edgecombe, 1990).

    Args:
        static: The static run.

    Returns:
        The function's extrema, and where its grid is.

    Raises:
        CalculationError: If pp.x fails.
    """
    folder = Path.cwd()
    copy_save(Path(static.dir_name), folder)
    values = elf_grid(static, folder).values
    where = np.unravel_index(values.argmax(), values.shape)
    maximum_at = [float(i) / n for i, n in zip(where, values.shape, strict=True)]
    return ElfDoc(
        formula=static.formula,
        shape=values.shape,
        minimum=float(values.min()),
        maximum=float(values.max()),
        maximum_frac_coords=tuple(maximum_at),
        cube_file=str(folder / "elf.cube"),
    )
