"""Formation energies against the elements of one level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition

from dao_core.errors import InputError
from dao_core.hull import PhaseEntry, missing_references, require_same_level

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ElementEnergies:
    """The lowest energy of each element at one level.

    Attributes:
        level: of all energies.
        energies: symbol -> eV/atom.
    """

    level: str
    energies: Mapping[str, float]

    @classmethod
    def among(cls, entries: Sequence[PhaseEntry]) -> ElementEnergies:
        """The elements among phases of one level.

        Raises:
            LevelMismatchError: the phases are of several levels.
            InputError: there is none, or an element of a compound has no energy.
        """
        if not entries:
            raise InputError("formation energies need at least the elements; there is no label")
        require_same_level({entry.level for entry in entries})
        level = entries[0].level
        missing = missing_references(entries)
        if missing:
            raise InputError(
                f"labels of {level} lack the element{'s' if len(missing) > 1 else ''} "
                f"{', '.join(missing)}; compute them at this level"
            )
        energies: dict[str, float] = {}
        for entry in entries:
            if len(entry.composition) == 1:
                symbol = entry.composition.elements[0].symbol
                energies[symbol] = min(energies.get(symbol, np.inf), entry.energy_per_atom)
        return cls(level, energies)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The elements in alphabetical order: the order of all columns of fractions."""
        return tuple(sorted(self.energies))

    def formation(self, compositions: Sequence[Composition], per_atom: Sequence[float]) -> Array:
        """Formation energies, ``[N]`` eV/atom.

        Args:
            compositions: of the crystals, of these elements alone.
            per_atom: their energies at this level, eV/atom.
        """
        of_elements = np.array([self.energies[symbol] for symbol in self.symbols])
        return (
            np.asarray(per_atom, dtype=float) - fractions(compositions, self.symbols) @ of_elements
        )


def fractions(compositions: Sequence[Composition], symbols: Sequence[str]) -> Array:
    """Atomic fractions, ``[N, E]``, columns in the order of ``symbols``."""
    table = [[c.get_atomic_fraction(symbol) for symbol in symbols] for c in compositions]
    return np.array(table, dtype=float).reshape(len(compositions), len(symbols))
