"""Which of many structures are the same crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.fingerprint import fingerprint, fingerprint_distance
from dao_core.crystal.matching import Tolerances, match
from dao_core.crystal.symmetry import space_group_number

SAME = Tolerances(ltol=0.1, stol=0.15, angle_tol=3.0)
"""Tighter than for benchmarks: relaxations of one minimum end closer to each other than this."""
MAX_VOLUME_RATIO = 1.1
"""Crystals whose volumes per atom differ by more are two crystals."""
MAX_FINGERPRINT_DISTANCE = 0.2
"""Over the cube root of the volume per atom; ``SAME`` rarely allows more."""
MAX_ENERGY_DIFFERENCE = 0.02
"""eV/atom: structures further apart in energy are two crystals, however alike they look."""
NOISE_ENERGY = 0.003
"""eV/atom: within this, a difference in the detected space group is taken for noise. DAO-P, for
one, lets rocksalt NaCl distort by 0.2 angstrom for 2.7 meV/atom."""

NOISE_FINGERPRINT = 0.03
"""The same for structures without energies, as a distance of fingerprints (about 0.07 angstrom)."""


@dataclass(frozen=True)
class Deduplication:
    """Which structures stand for which.

    Attributes:
        representative: for each structure the index of the one that stands for it, its own if it
            is kept.
    """

    representative: tuple[int, ...]

    @property
    def unique(self) -> tuple[int, ...]:
        """Indices of the structures that are kept, ascending."""
        return tuple(i for i, chosen in enumerate(self.representative) if i == chosen)


def deduplicate(
    structures: Sequence[Structure], energies: Sequence[float] | None = None
) -> Deduplication:
    """Keep one structure of every crystal, the one of lowest energy, or the first.

    Composition, volume and energy are compared first, then fingerprint and space group, last
    StructureMatcher. The result depends on the order of the structures only among equal energies.

    Args:
        structures: ordered crystals.
        energies: eV/atom, all at one level.
    """
    crystals = [
        _Crystal(s, None if energies is None else energies[i]) for i, s in enumerate(structures)
    ]
    order = sorted(range(len(crystals)), key=lambda i: (crystals[i].energy or 0.0, i))
    kept: dict[str, list[int]] = {}
    representative = list(range(len(crystals)))
    for index in order:
        crystal = crystals[index]
        rivals = kept.setdefault(crystal.formula, [])
        same = next((i for i in rivals if crystal.is_same_as(crystals[i])), None)
        if same is None:
            rivals.append(index)
        else:
            representative[index] = same
    return Deduplication(tuple(representative))


class DistinctCrystals:
    """A growing collection of crystals that takes each only once, by the same comparison."""

    def __init__(self) -> None:
        self._kept: dict[str, list[_Crystal]] = {}

    def add(self, structure: Structure, energy: float) -> bool:
        """Take a crystal with its energy (eV/atom); False if it is in the collection already."""
        crystal = _Crystal(structure, energy)
        rivals = self._kept.setdefault(crystal.formula, [])
        if any(crystal.is_same_as(rival) for rival in rivals):
            return False
        rivals.append(crystal)
        return True


def same_crystal(first: Structure, second: Structure) -> bool:
    """Whether two structures are the same crystal, as :func:`deduplicate` sees it."""
    return _Crystal(first, None).is_same_as(_Crystal(second, None))


class _Crystal:
    """A structure with its invariants, each computed when it is first asked for."""

    def __init__(self, structure: Structure, energy: float | None) -> None:
        self.structure = structure
        self.energy = energy
        self.formula = structure.composition.reduced_formula
        self.volume = structure.volume / len(structure)

    @cached_property
    def space_group(self) -> int:
        return space_group_number(self.structure)

    @cached_property
    def fingerprint(self) -> np.ndarray:
        return fingerprint(self.structure)

    def is_same_as(self, other: _Crystal) -> bool:
        """Cheap comparisons first."""
        if self.formula != other.formula:
            return False
        if not 1 / MAX_VOLUME_RATIO <= self.volume / other.volume <= MAX_VOLUME_RATIO:
            return False
        if self.energy_difference(other) > MAX_ENERGY_DIFFERENCE:
            return False
        distance = fingerprint_distance(self.fingerprint, other.fingerprint)
        if distance > MAX_FINGERPRINT_DISTANCE:
            return False
        if self.space_group != other.space_group and not self._within_noise(other, distance):
            return False
        return match(self.structure, other.structure, SAME) is not None

    def energy_difference(self, other: _Crystal) -> float:
        """eV/atom; zero where an energy is not known."""
        if self.energy is None or other.energy is None:
            return 0.0
        return abs(self.energy - other.energy)

    def _within_noise(self, other: _Crystal, distance: float) -> bool:
        """Whether two crystals are so close that their space groups may differ by noise."""
        if self.energy is None or other.energy is None:
            return distance <= NOISE_FINGERPRINT
        return self.energy_difference(other) <= NOISE_ENERGY
