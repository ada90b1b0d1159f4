"""Conversions between the units of the field: each is spelled here and nowhere else.

Energies are eV, lengths angstrom, forces eV/angstrom. Stress and pressure are GPa at interfaces and
eV/angstrom^3 within potentials. CODATA 2018, the values with which Quantum ESPRESSO 7 computes.
"""

from __future__ import annotations

EV_PER_CUBIC_ANGSTROM_IN_GPA = 160.21766208
"""1 eV/angstrom^3 in GPa (CODATA 2014, the value that ASE and CHGNet use)."""
KBAR_PER_GPA = 10.0
"""1 GPa in kbar, the unit of pressure of DFT programs."""

BOHR_ANGSTROM = 0.529177210903
"""1 bohr in angstrom."""
HARTREE_EV = 27.211386245988
"""1 Hartree in eV."""
RYDBERG_EV = HARTREE_EV / 2
"""1 Ry in eV."""
HARTREE_PER_BOHR3_GPA = HARTREE_EV / BOHR_ANGSTROM**3 * EV_PER_CUBIC_ANGSTROM_IN_GPA
"""1 Hartree/bohr^3 in GPa."""
COULOMB_EV_ANGSTROM = 14.399645
"""e^2 / (4 pi epsilon_0) in eV angstrom."""

EV_PER_KJ_PER_MOL = 1 / 96.48533212
"""1 kJ/mol in eV."""
WAVENUMBER_PER_THZ = 33.35640951981521
"""1 THz in cm^-1."""

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR
