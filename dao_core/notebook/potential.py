"""A potential by its name, ready for a notebook."""

from __future__ import annotations

from ase.calculators.calculator import Calculator

from dao_core.potentials import Domain, Potential
from dao_core.potentials import load_potential as load
from dao_core.predictor.calculator import DaoCalculator


class NamedPotential:
    """A potential, by the name under which commands know it.

    Attributes:
        potential: What computes batches of crystals.
    """

    def __init__(self, potential: Potential) -> None:
        self.potential = potential

    @property
    def level(self) -> str:
        """Level of its energies; those of two levels cannot be compared."""
        return self.potential.level

    @property
    def domain(self) -> Domain:
        """What it was made for."""
        return self.potential.domain

    def calculator(self) -> Calculator:
        """The potential for ASE: energy (eV), forces (eV/angstrom), stress (eV/angstrom^3)."""
        return DaoCalculator(self.potential)

    def __repr__(self) -> str:
        return f"NamedPotential({self.level})"


def load_potential(name: str = "dao-p", device: str | None = None) -> NamedPotential:
    """Load a potential.

    Args:
        name: As for ``--potential``: ``dao-p``, ``chgnet``, ``ase:package.module:factory`` ...
        device: torch device; None is the GPU where there is one.

    Raises:
        InputError: The name is unknown or malformed.
        MissingError: A model file or package is not on this machine.
    """
    return NamedPotential(load(name, device))
