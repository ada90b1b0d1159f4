"""``dao phonons``: dynamic stability, energies at temperature, and where soft modes lead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import DomainError
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
from flows.interpretation.keeping import keep
from flows.validation.crystals import Crystal, find_crystals
from stores import DaoStore, open_store

STAGE = "phonons"
TIGHT = RelaxSettings(fmax=0.005, smax=0.0005, max_steps=500, fix_symmetry=True)
"""Phonons are those of a minimum: forces that are left over bend the frequencies."""
LOOSE = RelaxSettings()


def phonons_of_given(
    words: Sequence[str], potential: str, temperature: float, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax crystals within their symmetry and find their phonons.

    An unstable structure is displaced along its softest mode and relaxed without symmetry; what
    it becomes is written to ``out`` as a candidate.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        temperature: Of the free energy, K.
        out: Folder of the structures that soft modes lead to.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` in the order given, and ``failures``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    check_output_folder(out)
    records = []
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(potential)
        failures = list(found.failures)
        progress.begin(STAGE, len(found.crystals))
        for crystal in found.crystals:
            try:
                records.append(_interpreted(crystal, loaded, temperature, out, opened))
            except (CalculationError, DomainError) as error:
                failures.append({"file": crystal.name, "reason": str(error)})
            progress.advance(STAGE, 1)
        uri = opened.uri
    return {"level": loaded.level, "store": uri, "structures": records, "failures": failures}


def _interpreted(
    crystal: Crystal, potential: Potential, temperature: float, out: Path, store: DaoStore
) -> dict[str, Any]:
    record = phonon_record(crystal, potential, temperature, out)
    flags = [record["outside_domain"]]
    if record["unstable"]:
        flags.append(f"dynamically unstable: {record['minimum_frequency']:.2f} THz")
    if record["imaginary_share"] > 0:
        flags.append(f"{record['imaginary_share']:.1%} of the modes take no part in free energies")
    settings = {"temperature": temperature}
    identity = keep(store, "phonons", crystal, potential.level, settings, record, flags)
    return {**record, "interpretation_id": identity}


def phonon_record(
    crystal: Crystal, potential: Potential, temperature: float, out: Path
) -> dict[str, Any]:
    """Phonons of one crystal, and what it becomes where it is unstable.

    Raises:
        CalculationError: It cannot be relaxed, or the potential gives no forces.
    """
    (relaxed,) = relax([crystal.structure], potential, TIGHT)
    if relaxed.stop_reason != "converged" or relaxed.energy_per_atom is None:
        reason = relaxed.error or relaxed.stop_reason
        raise CalculationError(f"{crystal.name} could not be relaxed: {reason}")
    structure = relaxed.structure
    phonons = finite_displacement_phonons(structure, lambda cell: _forces(cell, potential))
    harmonic = harmonic_properties(structure, phonons, [temperature])
    return {
        "file": crystal.name,
        "formula": phonons.formula,
        "natoms": len(structure),
        "energy_per_atom": relaxed.energy_per_atom,
        "energy_std": relaxed.energy_std,
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
        **_down_the_soft_mode(crystal.name, structure, phonons, potential, out),
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
