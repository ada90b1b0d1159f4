"""Dynamic stability of the structures of files: phonons, energies at temperature, soft modes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.reading import NamedStructure
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax
from dft_inputs.errors import CalculationError
from dft_inputs.phonons import (
    FinitePhononDoc,
    along_soft_mode,
    finite_displacement_phonons,
    harmonic_properties,
)
from flows.campaign import progress
from flows.campaign.preflight import check_output_folder
from flows.prediction import read_given

STAGE = "phonons"
TIGHT = RelaxSettings(fmax=0.005, smax=0.0005, max_steps=500, fix_symmetry=True)
"""Phonons are those of a minimum: forces that are left over bend the frequencies."""
LOOSE = RelaxSettings()


def phonons_of_files(
    files: Sequence[Path], potential: str, temperature: float, out: Path
) -> dict[str, Any]:
    """Relax the structures of some files within their symmetry and find their phonons.

    An unstable structure is displaced along its softest mode and relaxed without symmetry; what
    it becomes is written to ``out`` as a candidate.

    Args:
        files: Files or folders.
        potential: Name of the potential.
        temperature: Of the free energy, K.
        out: Folder of the structures that soft modes lead to.

    Returns:
        ``level``, ``structures`` in the order of reading, and ``failures``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    reading = read_given(files)
    check_output_folder(out)
    loaded = load_potential(potential)
    failures = [{"file": f.source, "reason": f.reason} for f in reading.failures]
    records = []
    progress.begin(STAGE, len(reading.structures))
    for named in reading.structures:
        try:
            records.append(_record(named, loaded, temperature, out))
        except CalculationError as error:
            failures.append({"file": named.source, "reason": str(error)})
        progress.advance(STAGE, 1)
    return {"level": loaded.level, "structures": records, "failures": failures}


def _record(
    named: NamedStructure, potential: Potential, temperature: float, out: Path
) -> dict[str, Any]:
    (relaxed,) = relax([named.structure], potential, TIGHT)
    if relaxed.stop_reason != "converged" or relaxed.energy_per_atom is None:
        reason = relaxed.error or relaxed.stop_reason
        raise CalculationError(f"{named.source} could not be relaxed: {reason}")
    crystal = relaxed.structure
    phonons = finite_displacement_phonons(crystal, lambda cell: _forces(cell, potential))
    harmonic = harmonic_properties(crystal, phonons, [temperature])
    return {
        "file": named.source,
        "formula": phonons.formula,
        "natoms": len(crystal),
        "energy_per_atom": relaxed.energy_per_atom,
        "minimum_frequency": phonons.minimum_frequency,
        "unstable": phonons.unstable,
        "imaginary_qpoint": phonons.imaginary_qpoint,
        "imaginary_share": harmonic.imaginary_share,
        "zero_point_energy": harmonic.zero_point_energy,
        "free_energy": relaxed.energy_per_atom + harmonic.free_energies[0],
        "temperature": temperature,
        "last_dos_peak": harmonic.last_dos_peak,
        "supercell": phonons.supercell,
        "outside_domain": relaxed.outside_domain,
        **_down_the_soft_mode(named.source, crystal, phonons, potential, out),
    }


def _down_the_soft_mode(
    source: str, crystal: Structure, phonons: FinitePhononDoc, potential: Potential, out: Path
) -> dict[str, Any]:
    """What an unstable crystal becomes: its file and energy, or None for both."""
    mode = along_soft_mode(crystal, phonons) if phonons.unstable else None
    if mode is None:
        return {"soft_mode_cif": None, "soft_mode_energy_per_atom": None}
    (fallen,) = relax([mode.structure], potential, LOOSE)
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{Path(source).stem}_soft_mode.cif"
    CifWriter(fallen.structure).write_file(file)
    return {"soft_mode_cif": str(file), "soft_mode_energy_per_atom": fallen.energy_per_atom}


def _forces(cell: Structure, potential: Potential) -> np.ndarray:
    evaluation = potential.evaluate(CrystalBatch.from_structures([cell]))
    if evaluation.errors:
        raise CalculationError(f"{potential.level} gives no forces: {evaluation.errors[0]}")
    forces: np.ndarray = evaluation.forces[0].detach().cpu().numpy()
    return forces
