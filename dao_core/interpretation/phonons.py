"""Dynamic stability, energies at temperature, and where soft modes lead."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.asked import Crystal
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import CalculationError
from dao_core.interpretation.finding import Finding
from dao_core.interpretation.soft_modes import down_the_soft_mode
from dao_core.phonons import (
    FinitePhononDoc,
    HarmonicDoc,
    finite_displacement_phonons,
    harmonic_properties,
)
from dao_core.potentials import Potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.search.conditions import RELAX_SETTINGS, Conditions, level_at
from dao_core.search.memory import SearchMemory

TIGHT = RelaxSettings(fmax=0.005, smax=0.0005, max_steps=500, fix_symmetry=True)
"""Phonons are those of a minimum: forces that are left over bend the frequencies."""


@dataclass(frozen=True)
class PhononFinding:
    """A crystal in its minimum within its symmetry, and its phonons.

    Attributes:
        relaxed: The crystal.
        phonons: By finite displacements.
        harmonic: What follows from them.
    """

    relaxed: Relaxation
    phonons: FinitePhononDoc
    harmonic: HarmonicDoc


@dataclass(frozen=True)
class PhononSettings:
    """How phonons are found.

    Attributes:
        temperature: Of the free energy, K.
        pressure: GPa; energies are enthalpies then, and free energies those of Gibbs.
    """

    temperature: float = 300.0
    pressure: float = 0.0


def interpret_phonons(
    crystal: Crystal,
    potential: Potential,
    settings: PhononSettings,
    memory: SearchMemory,
    out: Path,
) -> Finding:
    """The phonons of one crystal, and what it becomes where it is unstable.

    Args:
        crystal: The crystal.
        potential: The level.
        settings: At which temperature and pressure.
        memory: Remembers what it becomes.
        out: Folder of its CIF.

    Raises:
        CalculationError: It cannot be relaxed, or the potential gives no forces.
    """
    found = find_phonons(crystal, potential, settings)
    conditions = Conditions(
        level_at(potential.level, settings.pressure),
        replace(RELAX_SETTINGS, pressure=settings.pressure),
    )
    fallen = down_the_soft_mode(
        crystal, found.relaxed.structure, found.phonons, potential, conditions, memory, out
    )
    figures = {**_figures(found, settings), **fallen}
    return Finding(asdict(settings), figures, _flags(found))


def find_phonons(crystal: Crystal, potential: Potential, settings: PhononSettings) -> PhononFinding:
    """Relax one crystal within its symmetry and find its phonons.

    Raises:
        CalculationError: It cannot be relaxed, or the potential gives no forces.
    """
    tight = replace(TIGHT, pressure=settings.pressure)
    (relaxed,) = relax([crystal.structure], potential, tight)
    if relaxed.stop_reason != "converged" or relaxed.energy_per_atom is None:
        reason = relaxed.error or relaxed.stop_reason
        raise CalculationError(f"{crystal.name} could not be relaxed: {reason}")
    structure = relaxed.structure
    phonons = finite_displacement_phonons(structure, lambda cell: _forces(cell, potential))
    return PhononFinding(
        relaxed, phonons, harmonic_properties(structure, phonons, [settings.temperature])
    )


def _figures(found: PhononFinding, settings: PhononSettings) -> dict[str, Any]:
    relaxed, phonons, harmonic = found.relaxed, found.phonons, found.harmonic
    energy = relaxed.enthalpy_per_atom or 0.0
    return {
        "natoms": len(relaxed.structure),
        "energy_per_atom": energy,
        "energy_std": relaxed.energy_std,
        "minimum_frequency": phonons.minimum_frequency,
        "unstable": phonons.unstable,
        "imaginary": phonons.imaginary,
        "imaginary_qpoint": phonons.imaginary_qpoint,
        "imaginary_share": harmonic.imaginary_share,
        "zero_point_energy": harmonic.zero_point_energy,
        "free_energy": energy + harmonic.free_energies[0],
        "temperature": settings.temperature,
        "pressure": settings.pressure,
        "last_dos_peak": harmonic.last_dos_peak,
        "supercell": phonons.supercell,
        "outside_domain": relaxed.outside_domain,
    }


def _flags(found: PhononFinding) -> list[str | None]:
    phonons, share = found.phonons, found.harmonic.imaginary_share
    return [
        found.relaxed.outside_domain,
        f"dynamically unstable: {phonons.minimum_frequency:.2f} THz" if phonons.unstable else None,
        f"{share:.1%} of the modes take no part in free energies" if share >= 0.0005 else None,
    ]


def _forces(cell: Structure, potential: Potential) -> np.ndarray:
    evaluation = potential.evaluate(CrystalBatch.from_structures([cell]))
    if evaluation.errors:
        raise CalculationError(f"{potential.level} gives no forces: {evaluation.errors[0]}")
    forces: np.ndarray = evaluation.forces[0].detach().cpu().numpy()
    return forces
