"""The prototype library of a training set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dao_core.crystal.fingerprint import SHELLS, coloured_fingerprint
from dao_core.crystal.validity import invalid_reason
from dao_core.generator.prototypes.classes import assignments, classes_of, permuted
from dao_core.generator.prototypes.library import ALIKE, Counts, PrototypeGroup, PrototypeLibrary
from dao_core.training.records import Crystal

MOST_OF_A_FORMULA = 12
"""Prototypes in which one composition is remembered. Some have more than a hundred orderings of one
lattice, which would outweigh all others."""

Floats = NDArray[np.float32]


def build_library(crystals: Iterable[Crystal]) -> PrototypeLibrary:
    """Sort crystals by prototype, each to one that came before it and is alike, or a new one.

    The first crystal of a prototype gives its geometry. Crystals that are not possible (atoms too
    close), repeats of the same elements in the same prototype, and what comes after
    :data:`MOST_OF_A_FORMULA` prototypes of one composition are left out.

    Args:
        crystals: the most trustworthy first.
    """
    groups: dict[Counts, _Group] = {}
    for crystal in crystals:
        structure = crystal.structure()
        if invalid_reason(structure):
            continue
        elements, counts, atoms = classes_of(crystal.atomic_numbers)
        order = np.argsort(np.argsort(elements))  # fingerprints are sorted by atomic number
        own = permuted(coloured_fingerprint(structure), order).astype(np.float32)
        groups.setdefault(counts, _Group(counts)).take(crystal, elements, atoms, own)
    return PrototypeLibrary({counts: group.finished() for counts, group in groups.items()})


class _Group:
    """The prototypes found so far among crystals of one stoichiometry."""

    def __init__(self, counts: Counts) -> None:
        k = len(counts)
        self.counts = counts
        self._ways = assignments(counts)
        self._lattices: list[NDArray[np.float64]] = []
        self._frac_coords: list[Floats] = []
        self._members: dict[tuple[int, tuple[int, ...]], None] = {}
        self._formulas: dict[tuple[int, ...], int] = {}
        self._prints = _Rows((k, k, len(SHELLS)))
        self._sorted = _Rows((k * k, len(SHELLS)))

    def take(
        self,
        crystal: Crystal,
        elements: NDArray[np.int64],
        atoms: NDArray[np.int64],
        own: Floats,
    ) -> None:
        """Note a crystal under its prototype."""
        found = self._nearest(own)
        formula = tuple(elements.tolist())
        if found is None and self._formulas.get(formula, 0) >= MOST_OF_A_FORMULA:
            return
        place, way = found or (self._add(crystal, atoms, own), self._ways[0])
        member = (place, tuple(int(z) for z in elements[list(way)]))
        if member not in self._members:
            self._members[member] = None
            self._formulas[formula] = self._formulas.get(formula, 0) + 1

    def finished(self) -> PrototypeGroup:
        """All that was taken."""
        return PrototypeGroup(
            self.counts,
            np.array(self._lattices, dtype=np.float32),
            np.array(self._frac_coords, dtype=np.float32),
            self._prints.filled,
            np.array([place for place, _ in self._members], dtype=np.int64),
            np.array([elements for _, elements in self._members], dtype=np.int64),
        )

    def _add(self, crystal: Crystal, atoms: NDArray[np.int64], own: Floats) -> int:
        volume = abs(np.linalg.det(crystal.lattice)) / len(atoms)
        by_class = np.argsort(atoms, kind="stable")
        self._lattices.append(crystal.lattice / volume ** (1 / 3))
        self._frac_coords.append((crystal.frac_coords[by_class] % 1.0).astype(np.float32))
        self._prints.add(own)
        self._sorted.add(self._bound(own))
        return len(self._lattices) - 1

    def _nearest(self, own: Floats) -> tuple[int, tuple[int, ...]] | None:
        """The prototype within ``ALIKE``, and how its classes are assigned to it.

        Entries of classes of equal counts, sorted number by number, are nowhere further apart than
        under any assignment, so that few prototypes need to be tried under all.
        """
        bound = np.abs(self._sorted.filled - self._bound(own)).max(axis=(1, 2))
        best, found = ALIKE, None
        for place in np.flatnonzero(bound <= ALIKE):
            for way in self._ways:
                distance = float(np.abs(self._prints.filled[place] - permuted(own, way)).max())
                if distance <= best:
                    best, found = distance, (int(place), way)
        return found

    def _bound(self, own: Floats) -> Floats:
        """Numbers ``[k k, n]`` of a fingerprint that no assignment changes."""
        counts = np.array(self.counts)
        kinds = [counts == n for n in np.unique(counts)]
        blocks = [own[a][:, b].reshape(-1, own.shape[-1]) for a in kinds for b in kinds]
        return np.concatenate([np.sort(block, axis=0) for block in blocks])


class _Rows:
    """Arrays of one shape in one that grows."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._rows = np.empty((16, *shape), dtype=np.float32)
        self._count = 0

    @property
    def filled(self) -> Floats:
        """All that was added."""
        return self._rows[: self._count]

    def add(self, row: Floats) -> None:
        """Take one more."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = row
        self._count += 1
