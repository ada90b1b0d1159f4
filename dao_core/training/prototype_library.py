"""The prototype library of a training set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dao_core.crystal.fingerprint import fingerprint
from dao_core.crystal.validity import invalid_reason
from dao_core.generator.prototypes.classes import assignments, classes_of
from dao_core.generator.prototypes.library import ALIKE, PrototypeLibrary
from dao_core.training.records import Crystal


class _Group:
    """The prototypes found so far among crystals of one stoichiometry."""

    def __init__(self, counts: tuple[int, ...]) -> None:
        self.counts = counts
        self.prototypes: list[int] = []
        self._prints: list[NDArray[np.float32]] = []
        self._sorted = np.zeros((0, 0, 0), dtype=np.float32)

    def add(self, number: int, own: NDArray[np.float32]) -> None:
        """Take a new prototype."""
        if len(self.prototypes) == len(self._sorted):
            room = np.full((len(self._sorted) + 64, *own.shape), np.inf, dtype=np.float32)
            room[: len(self._prints)] = self._sorted.reshape(-1, *own.shape)
            self._sorted = room
        self._sorted[len(self.prototypes)] = self._sort(own)
        self.prototypes.append(number)
        self._prints.append(own)

    def nearest(self, own: NDArray[np.float32]) -> tuple[int, tuple[int, ...]] | None:
        """The prototype of a fingerprint within ``ALIKE``, and how its classes are assigned to it.

        Classes of equal counts, sorted number by number, are nowhere further apart than under any
        assignment, so that few prototypes need to be tried under all.
        """
        if not self.prototypes:
            return None
        bound = np.abs(self._sorted - self._sort(own)).max(axis=(1, 2))
        best, found = ALIKE, None
        for place in np.flatnonzero(bound <= ALIKE):
            for assignment in assignments(self.counts):
                distance = float(np.abs(self._prints[place] - own[list(assignment)]).max())
                if distance <= best:
                    best, found = distance, (self.prototypes[place], assignment)
        return found

    def _sort(self, own: NDArray[np.float32]) -> NDArray[np.float32]:
        counts = np.array(self.counts)
        return np.concatenate([np.sort(own[counts == n], axis=0) for n in np.unique(counts)])


def build_library(crystals: Sequence[Crystal]) -> PrototypeLibrary:
    """Sort crystals by prototype, each to the nearest that came before it or a new one.

    The first crystal of a prototype gives its geometry. Crystals that are not possible (atoms too
    close) and repeats of the same elements in the same prototype are left out.
    """
    groups: dict[tuple[int, ...], _Group] = {}
    found = _Found()
    for crystal in crystals:
        structure = crystal.structure()
        if invalid_reason(structure):
            continue
        elements, counts, atoms = classes_of(crystal.atomic_numbers)
        order = np.argsort(np.argsort(elements))  # fingerprints are sorted by atomic number
        own = fingerprint(structure)[order].astype(np.float32)
        group = groups.setdefault(counts, _Group(counts))
        nearest = group.nearest(own)
        if nearest is None:
            nearest = found.add(crystal, counts, atoms, own), tuple(range(len(counts)))
            group.add(nearest[0], own)
        number, assignment = nearest
        found.members[number, tuple(int(z) for z in elements[list(assignment)])] = None
    return found.library()


class _Found:
    """Prototypes and members in the order in which they were found."""

    def __init__(self) -> None:
        self.members: dict[tuple[int, tuple[int, ...]], None] = {}
        self._counts: list[tuple[int, ...]] = []
        self._lattices: list[NDArray[np.float64]] = []
        self._frac_coords: list[NDArray[np.float32]] = []
        self._atom_classes: list[NDArray[np.int64]] = []
        self._prints: list[NDArray[np.float32]] = []

    def add(
        self,
        crystal: Crystal,
        counts: tuple[int, ...],
        atoms: NDArray[np.int64],
        own: NDArray[np.float32],
    ) -> int:
        """Take a crystal as a new prototype and return its number."""
        volume = abs(np.linalg.det(crystal.lattice)) / len(atoms)
        self._counts.append(counts)
        self._lattices.append(crystal.lattice / volume ** (1 / 3))
        self._frac_coords.append((crystal.frac_coords % 1.0).astype(np.float32))
        self._atom_classes.append(atoms.astype(np.int64))
        self._prints.append(own)
        return len(self._counts) - 1

    def library(self) -> PrototypeLibrary:
        """All that was found."""
        return PrototypeLibrary(
            self._counts,
            np.array(self._lattices, dtype=np.float32).reshape(-1, 3, 3),
            self._frac_coords,
            self._atom_classes,
            self._prints,
            np.array([number for number, _ in self.members], dtype=np.int64),
            [np.array(elements) for _, elements in self.members],
        )
