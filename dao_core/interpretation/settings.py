"""How the best structures of a search are interpreted by potentials: settings of each kind."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator
from pymatgen.core import Element

from dao_core.forms import FORM

MOST = 1000
"""Structures of which one kind can be asked for."""
PRESSURES = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)


class Asked(BaseModel):
    """Settings of one kind of interpretation.

    Attributes:
        best: Of how many of the best structures it is made.
    """

    model_config = FORM

    best: int = Field(default=3, ge=1, le=MOST)


class AskedOfPotential(Asked):
    """Settings of an interpretation by a potential.

    Attributes:
        potential: Name of the potential; None is that of the campaign. pw.x is
            ``ase:dft_inputs.qe.calculator:fast``.
    """

    potential: str | None = None


class Network(Asked):
    """The network of one element: distances, cages, dimension.

    Attributes:
        symbol: The element. Structures without it are passed over.
    """

    symbol: str = "H"

    @field_validator("symbol")
    @classmethod
    def _real(cls, value: str) -> str:
        if not Element.is_valid_symbol(value):
            raise ValueError(f"{value} is no element")
        return value


class Phonons(AskedOfPotential):
    """Dynamic stability, at the pressure of the campaign.

    Attributes:
        temperature: Of the free energy, K.
    """

    temperature: float = Field(default=300.0, ge=0, allow_inf_nan=False)


class Pressure(AskedOfPotential):
    """Enthalpies of the polymorphs of the best structures' compositions.

    Attributes:
        pressures: GPa, rising.
        polymorphs: How many of the best of each composition stand against each other.
    """

    pressures: tuple[Annotated[float, Field(ge=-1000, le=1000)], ...] = PRESSURES
    polymorphs: int = Field(default=4, ge=1, le=100)

    @field_validator("pressures")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) < 2 or sorted(set(value)) != list(value):
            raise ValueError("give at least two pressures in GPa, rising, such as [0, 10, 20]")
        return value


class Surface(AskedOfPotential):
    """Surface energies.

    Attributes:
        miller: Index of the surface of the conventional cell.
        thickness: Of the slabs, angstrom, at least.
    """

    miller: tuple[int, int, int] = (0, 0, 1)
    thickness: float = Field(default=12.0, ge=1, le=200)

    @field_validator("miller")
    @classmethod
    def _an_index(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        if not any(value):
            raise ValueError("0, 0, 0 is no surface")
        return value


class Defects(AskedOfPotential):
    """Neutral point defects.

    Attributes:
        length: Of the supercells, angstrom, at least.
        interstitial: Further elements to be put into voids.
        mu: Chemical potentials, eV/atom; others are those of the elements' common crystals.
    """

    length: float = Field(default=10.0, ge=1, le=100)
    interstitial: tuple[str, ...] = ()
    mu: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)

    @field_validator("interstitial", "mu")
    @classmethod
    def _elements(cls, value: Any) -> Any:
        wrong = [symbol for symbol in value if not Element.is_valid_symbol(symbol)]
        if wrong:
            raise ValueError(f"no element: {', '.join(wrong)}")
        return value
