"""Zero-point and free energies of harmonic phonons, and the last peak of their states."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from phonopy.phonon.mesh import MeshGRGridFallbackWarning
from pydantic import BaseModel, Field
from pymatgen.core import Structure
from scipy.signal import find_peaks

from dao_core.errors import InputError
from dao_core.phonons.finite_displacement import FinitePhononDoc, lattice_dynamics
from dao_core.units import EV_PER_KJ_PER_MOL, WAVENUMBER_PER_THZ

MESH_LENGTH = 60.0
"""Density of the mesh: q-points times the length of a lattice vector, angstrom."""
PEAK_HEIGHT = 0.05
"""A peak counts if it reaches this share of the highest one."""


class HarmonicDoc(BaseModel):
    """Harmonic properties of a crystal; imaginary modes take no part in the energies."""

    zero_point_energy: float = Field(description="eV/atom")
    temperatures: list[float] = Field(description="K")
    free_energies: list[float] = Field(description="Helmholtz, zero point included, eV/atom")
    last_dos_peak: float | None = Field(
        description="cm^-1, highest peak in frequency of the density of states; None if it has none"
    )
    imaginary_share: float = Field(description="Share of modes left out for being imaginary")


def harmonic_properties(
    structure: Structure, phonons: FinitePhononDoc, temperatures: Sequence[float] = (300.0,)
) -> HarmonicDoc:
    """Zero-point and free energies of harmonic phonons (Togo and Tanaka, Scr. Mater. 2015).

    Args:
        structure: The crystal whose phonons they are.
        phonons: From :func:`finite_displacement_phonons`.
        temperatures: K, ascending.

    Raises:
        InputError: If a temperature is negative.
    """
    if any(temperature < 0 for temperature in temperatures):
        raise InputError("Temperatures are in kelvin and not negative.")
    dynamics = lattice_dynamics(structure, phonons.supercell, phonons.force_constants)
    with warnings.catch_warnings():
        # Where lengths do not suit the symmetry, phonopy takes a grid that does, and says so.
        warnings.simplefilter("ignore", MeshGRGridFallbackWarning)
        mesh = dynamics.run_mesh(MESH_LENGTH, is_gamma_center=True)
    thermal = dynamics.run_thermal_properties(
        temperatures=[0.0, *temperatures], exclude_gamma_acoustic=True
    )
    energies = np.asarray(thermal.free_energy) * EV_PER_KJ_PER_MOL / len(structure)
    imaginary = np.average((mesh.frequencies < 0).mean(axis=1), weights=mesh.weights)
    dos = dynamics.run_total_dos()
    return HarmonicDoc(
        zero_point_energy=float(energies[0]),
        temperatures=list(temperatures),
        free_energies=energies[1:].tolist(),
        last_dos_peak=_last_peak(np.asarray(dos.frequency_points), np.asarray(dos.dos)),
        imaginary_share=float(imaginary),
    )


def _last_peak(frequencies: np.ndarray, density: np.ndarray) -> float | None:
    peaks, _ = find_peaks(density, height=PEAK_HEIGHT * density.max())
    return float(frequencies[peaks[-1]] * WAVENUMBER_PER_THZ) if len(peaks) else None
