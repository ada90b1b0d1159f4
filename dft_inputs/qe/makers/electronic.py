"""Density of states, bands and electron localisation function of a crystal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from ase.io.cube import read_cube_data
from jobflow import Flow, Maker, job
from pymatgen.core import Structure

from dft_inputs.errors import CalculationError
from dft_inputs.kpoints import band_path
from dft_inputs.protocols import Protocol, get_protocol
from dft_inputs.qe import files
from dft_inputs.qe.makers.base import BasePwMaker, copy_save
from dft_inputs.qe.makers.core import NonScfMaker, StaticMaker
from dft_inputs.qe.post_process import require, run_program
from dft_inputs.qe.schemas.band_structure import spin_bands
from dft_inputs.qe.schemas.pw_xml import read_pw_xml
from dft_inputs.qe.schemas.spectra import BandsDoc, DosDoc, ElfDoc
from dft_inputs.qe.schemas.task import PwTaskDoc

ELF_PLOT = 8
CUBE_FORMAT = 6
THREE_DIMENSIONS = 3


@dataclass
class DosMaker(Maker):
    """Makes a density of states: static, bands on a denser mesh, dos.x.

    Attributes:
        name: Flow name.
        static_maker: Makes the charge density.
        density: How many times closer the k-points of the dense mesh are.
        energy_step: Step of the energy axis, eV.
    """

    name: str = "density of states"
    static_maker: StaticMaker = field(default_factory=StaticMaker)
    density: float = 2.0
    energy_step: float = 0.05

    def make(self, structure: Structure) -> Flow:
        """Make the flow; its output is a :class:`DosDoc`.

        Args:
            structure: Crystal.

        Returns:
            The flow.
        """
        static = self.static_maker.make(structure)
        generator = self.static_maker.input_set_generator
        protocol = get_protocol(generator.protocol)
        denser: Protocol = replace(
            protocol, kpoint_distance=protocol.kpoint_distance / self.density
        )
        maker = NonScfMaker(
            input_set_generator=replace(
                generator, calculation="nscf", occupations="tetrahedra", protocol=denser
            ),
            run_pw_kwargs=self.static_maker.run_pw_kwargs,
        )
        nscf = maker.make(structure, prev_dir=static.output.dir_name)
        dos = density_of_states(nscf.output, self.energy_step)
        return Flow([static, nscf, dos], output=dos.output, name=self.name)


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
class BandsMaker(Maker):
    """Makes bands along the high-symmetry path of the standard primitive cell.

    Attributes:
        name: Flow name.
        static_maker: Makes the charge density.
        line_density: k-points per 1/angstrom of the path.
        empty_bands: Bands above the filled ones.
    """

    name: str = "bands"
    static_maker: StaticMaker = field(default_factory=StaticMaker)
    line_density: int = 20
    empty_bands: int = 4

    def make(self, structure: Structure) -> Flow:
        """Make the flow; its output is a :class:`BandsDoc`.

        Args:
            structure: Crystal.

        Returns:
            The flow.
        """
        primitive, kpoints, labels = band_path(structure, self.line_density)
        static = self.static_maker.make(primitive)
        generator = replace(
            self.static_maker.input_set_generator, calculation="bands", kpoints=kpoints.tolist()
        )
        maker = NonScfMaker(
            name="bands",
            input_set_generator=generator,
            run_pw_kwargs=self.static_maker.run_pw_kwargs,
        )
        along = maker.make(primitive, prev_dir=static.output.dir_name)
        collected = bands_along_path(static.output, along.output, kpoints.tolist(), labels)
        return Flow([static, along, collected], output=collected.output, name=self.name)


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
class ElfMaker(Maker):
    """Makes the electron localisation function: static, then pp.x."""

    name: str = "electron localisation function"
    static_maker: BasePwMaker = field(default_factory=StaticMaker)

    def make(self, structure: Structure) -> Flow:
        """Make the flow; its output is an :class:`ElfDoc`.

        Args:
            structure: Crystal.

        Returns:
            The flow.
        """
        static = self.static_maker.make(structure)
        elf = electron_localisation(static.output)
        return Flow([static, elf], output=elf.output, name=self.name)


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
    settings = {"prefix": files.PREFIX, "outdir": f"./{files.OUTDIR}", "filplot": "elf.dat"}
    plot = {"iflag": THREE_DIMENSIONS, "output_format": CUBE_FORMAT, "fileout": "elf.cube"}
    run_program("pp.x", {"inputpp": {**settings, "plot_num": ELF_PLOT}, "plot": plot}, folder)
    cube = require(folder / "elf.cube", "pp.x")
    values, _ = read_cube_data(str(cube))
    where = np.unravel_index(values.argmax(), values.shape)
    maximum_at = [float(i) / n for i, n in zip(where, values.shape, strict=True)]
    return ElfDoc(
        formula=static.formula,
        shape=values.shape,
        minimum=float(values.min()),
        maximum=float(values.max()),
        maximum_frac_coords=tuple(maximum_at),
        cube_file=str(cube),
    )
