"""Potentials: one protocol for DAO-P, CHGNet and any ASE calculator."""

from dao_core.potentials.base import Domain, Evaluation, Potential, energies_of
from dao_core.potentials.loading import POTENTIAL_NAMES, load_potential

__all__ = [
    "POTENTIAL_NAMES",
    "Domain",
    "Evaluation",
    "Potential",
    "energies_of",
    "load_potential",
]
