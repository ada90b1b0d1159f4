"""Phonons by finite displacements at any level, and what follows from them."""

from dao_core.phonons.finite_displacement import (
    FinitePhononDoc,
    Forces,
    finite_displacement_phonons,
    supercell_size,
)
from dao_core.phonons.harmonic import HarmonicDoc, harmonic_properties
from dao_core.phonons.soft_mode import SoftMode, along_soft_mode

__all__ = [
    "FinitePhononDoc",
    "Forces",
    "HarmonicDoc",
    "SoftMode",
    "along_soft_mode",
    "finite_displacement_phonons",
    "harmonic_properties",
    "supercell_size",
]
