"""Under which conditions structures are relaxed: what makes two relaxations of one start equal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dao_core.relax import RelaxSettings

RELAX_SETTINGS = RelaxSettings()
"""Criteria of every relaxation; part of its identity."""


@dataclass(frozen=True)
class Conditions:
    """What besides the start decides a relaxation.

    Attributes:
        level: of the energies; under pressure it says so, and they are enthalpies.
        settings: criteria and pressure.
        searching: hopeless crystals are stopped early, and ends put onto their symmetry.
    """

    level: str
    settings: RelaxSettings = RELAX_SETTINGS
    searching: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As documents and keys hold them, JSON values."""
        return {**asdict(self.settings), "searching": self.searching}


def level_at(level: str, pressure: float) -> str:
    """Level of enthalpies at a pressure (GPa), so that no hull mixes two pressures."""
    return f"{level}, enthalpy at {pressure:g} GPa" if pressure else level
