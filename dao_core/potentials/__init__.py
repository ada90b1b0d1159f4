"""Potentials: one protocol for DAO-P, CHGNet and any ASE calculator."""

from dao_core.potentials.base import (
    EV_PER_CUBIC_ANGSTROM_IN_GPA,
    Domain,
    Evaluation,
    Potential,
    energies_of,
)
from dao_core.potentials.loading import POTENTIAL_NAMES, load_potential

__all__ = [
    "EV_PER_CUBIC_ANGSTROM_IN_GPA",
    "POTENTIAL_NAMES",
    "Domain",
    "Evaluation",
    "Potential",
    "energies_of",
    "load_potential",
]
