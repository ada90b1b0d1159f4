"""Electronic interpretation of a crystal: states, charges, localisation, electride or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jobflow import Job, job
from pymatgen.core import Structure
from typing_extensions import override

from dft_inputs.electrons.document import AtomicCharge, StatesDoc, gap_note
from dft_inputs.electrons.localisation import WINDOW, localise
from dft_inputs.pseudos.upf import is_upf, parse_upf_header
from dft_inputs.qe import files
from dft_inputs.qe.makers.after_static import AfterStaticMaker
from dft_inputs.qe.makers.base import copy_save
from dft_inputs.qe.plots import density_grid, elf_grid, highest_occupied, top_states_grid
from dft_inputs.qe.post_process import PostProcessor
from dft_inputs.qe.projections import Projections, project
from dft_inputs.qe.schemas.electrons import ElectronsDoc
from dft_inputs.qe.schemas.task import PwTaskDoc

SPILLING = 0.05
"""Share of the states outside the atomic orbitals from which projections are doubted."""


@dataclass
class ElectronsMaker(AfterStaticMaker):
    """Makes a static run, bands on a denser mesh, and what they say, an :class:`ElectronsDoc`.

    Attributes:
        density: How many times closer the k-points of the dense mesh are.
        energy_step: Step of the energy axis, eV.
    """

    name: str = "electrons"
    density: float = 2.0
    energy_step: float = 0.05

    @override
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """Bands on the dense mesh, then everything else in one job."""
        nscf = self.on_dense_mesh(static, structure, self.density)
        return [nscf, interpret_electrons(static, nscf.output, self.energy_step, self.programs)]


@job(output_schema=ElectronsDoc)
def interpret_electrons(
    static: PwTaskDoc, nscf: PwTaskDoc, energy_step: float, programs: PostProcessor
) -> ElectronsDoc:
    """Interpret the electrons of a crystal.

    Args:
        static: Density and wave functions.
        nscf: Bands on a dense mesh, with tetrahedra.
        energy_step: Step of the energy axis, eV.
        programs: Runs pp.x and projwfc.x.

    Raises:
        CalculationError: If a program fails.
    """
    folder, bands = Path.cwd(), Path.cwd() / "bands"
    bands.mkdir()
    copy_save(Path(nscf.dir_name), bands)
    projections = project(nscf, bands, energy_step, programs)
    top = highest_occupied(bands, nscf.electronic.fermi_energy or 0.0)
    copy_save(Path(static.dir_name), folder)
    valences = _valences(static, folder)
    found = localise(
        elf_grid(static, folder, programs),
        density_grid(static, folder, programs),
        top_states_grid(static, folder, WINDOW, programs),
        valences,
    )
    return ElectronsDoc(
        formula=static.formula,
        task=static,
        band_gap=nscf.electronic.band_gap,
        direct=nscf.electronic.direct,
        is_metal=nscf.electronic.is_metal,
        total_magnetization=static.electronic.total_magnetization,
        absolute_magnetization=static.electronic.absolute_magnetization,
        states=StatesDoc.of(
            projections.energies - top,
            projections.total,
            projections.projected,
            projections.spilling,
        ),
        charges=_charges(static.structure, valences, found.bader, projections),
        in_voids=found.in_voids,
        attractors=found.maxima,
        electride=found.electride,
        slice=found.slice,
        notes=[*_notes(static, projections), *found.notes],
        dir_name=str(folder),
    )


def _valences(static: PwTaskDoc, folder: Path) -> list[float]:
    """Electrons of each atom outside the pseudopotential, from the files that pw.x saved."""
    save = files.save_path(folder)
    by_element: dict[str, float] = {}
    for file in save.iterdir():
        if is_upf(file.name):
            header = parse_upf_header(file.read_bytes(), file.name)
            by_element[header.element] = header.z_valence
    return [by_element[site.specie.symbol] for site in static.structure]


def _charges(
    structure: Structure, valences: list[float], bader: np.ndarray, projections: Projections
) -> list[AtomicCharge]:
    moments: Sequence[float | None] = projections.moments or [None] * len(structure)
    return [
        AtomicCharge(
            element=site.specie.symbol,
            bader=round(float(charge), 4),
            loewdin=round(valence - population, 4),
            moment=moment,
        )
        for site, valence, charge, population, moment in zip(
            structure, valences, bader, projections.populations, moments, strict=True
        )
    ]


def _notes(static: PwTaskDoc, projections: Projections) -> list[str]:
    """What a reader must know before trusting states and charges."""
    notes = [gap_note(is_metal=static.electronic.is_metal)]
    if projections.spilling > SPILLING:
        notes.append(
            f"atomic orbitals leave out {projections.spilling:.0%} of the states: projections and "
            "Loewdin charges are rough"
        )
    return notes
