"""The prototypes of a training set, without elements and scale, and the compositions seen in each.

Crystals of one stoichiometry share an entry only if their coloured fingerprints agree to ``ALIKE``
after some assignment of elements, that is, if one is the other with other elements; one geometry
stands for them, at one cubic angstrom per atom. Where prototypes are compared, those whose
fingerprints agree to ``SAME`` count as one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure
from torch import Tensor

from dao_core.crystal.fingerprint import SHELLS

SAME = 0.05
"""Distance of coloured fingerprints within which crystals are of one prototype."""
ALIKE = 0.002
"""Distance within which one geometry stands for both. Other axial ratios and free coordinates are
other geometries: with 0.05 in its place they cost three points of match rate
(benchmarks/experiments.md)."""
GRID = 2**16
"""Steps of a lattice vector on which coordinates are kept: 0.0002 angstrom in most cells."""

Counts = tuple[int, ...]


@dataclass(frozen=True)
class PrototypeGroup:
    """The prototypes with the same atoms per class; ``p`` of them, ``m`` crystals seen.

    Attributes:
        counts: atoms in each of the ``k`` classes.
        lattice: ``[p, 3, 3]`` rows, Niggli cell, one cubic angstrom per atom.
        frac_coords: ``[p, n, 3]``, the atoms in the order of their classes.
        fingerprints: ``[p, k, k, shells]``, coloured, in the order of the classes.
        members: ``[m]``, the prototype of each crystal seen, counted within the group.
        elements: ``[m, k]``, the elements of each crystal seen, on the classes of its prototype.
    """

    counts: Counts
    lattice: NDArray[np.float32]
    frac_coords: NDArray[np.float32]
    fingerprints: NDArray[np.float32]
    members: NDArray[np.int64]
    elements: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of prototypes."""
        return len(self.lattice)

    def structure(self, place: int, elements: NDArray[np.int64]) -> Structure:
        """Prototype ``place`` with elements ``[k]`` on its classes, one cubic angstrom per atom."""
        species = [Element.from_Z(int(z)) for z in np.repeat(elements, self.counts)]
        return Structure(Lattice(self.lattice[place]), species, self.frac_coords[place])


class PrototypeLibrary:
    """All prototypes, sorted by their counts and numbered in this order.

    Attributes:
        groups: the prototypes of each stoichiometry.
    """

    def __init__(self, groups: Mapping[Counts, PrototypeGroup]) -> None:
        self.groups = {counts: groups[counts] for counts in sorted(groups)}

    def __len__(self) -> int:
        """Number of prototypes."""
        return sum(len(group) for group in self.groups.values())

    @property
    def crystals_seen(self) -> int:
        """Number of crystals that the prototypes were seen in."""
        return sum(len(group.members) for group in self.groups.values())

    @cached_property
    def first(self) -> dict[Counts, int]:
        """Number of the first prototype of each group."""
        ends = np.cumsum([0, *(len(group) for group in self.groups.values())])
        return dict(zip(self.groups, ends[:-1].tolist(), strict=True))

    def structure(self, number: int, elements: NDArray[np.int64]) -> Structure:
        """Prototype ``number`` with elements ``[k]`` on its classes, 1 cubic angstrom per atom."""
        firsts = list(self.first.items())
        counts, first = firsts[bisect_right(firsts, number, key=lambda entry: entry[1]) - 1]
        return self.groups[counts].structure(number - first, elements)

    def tensors(self) -> dict[str, Tensor]:
        """The library as tensors for a model file."""
        groups = list(self.groups.values())
        if not groups:
            return {}
        return {
            "counts": torch.tensor([n for group in groups for n in group.counts]).short(),
            "classes": torch.tensor([len(group.counts) for group in groups]).to(torch.uint8),
            "prototypes": torch.tensor([len(group) for group in groups]).int(),
            "members": torch.tensor([len(group.members) for group in groups]).int(),
            "lattice": _joined([group.lattice for group in groups]).reshape(-1, 3, 3),
            "frac_coords": _on_grid(_joined([group.frac_coords for group in groups])),
            "fingerprints": _joined([group.fingerprints for group in groups]).half(),
            "member_prototypes": _joined([group.members for group in groups]).int(),
            "member_elements": _joined([group.elements for group in groups]).to(torch.uint8),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> PrototypeLibrary:
        """The library that :meth:`tensors` wrote.

        Raises:
            KeyError: a tensor is missing.
            ValueError: they do not belong together.
        """
        return cls({group.counts: group for group in _groups(tensors)})


def _groups(tensors: Mapping[str, Tensor]) -> Iterator[PrototypeGroup]:
    """The groups of a model file, one after the other; every tensor is used up by them."""
    pieces = {name: _Pieces(name, tensor.numpy()) for name, tensor in tensors.items()}
    sizes = (tensors[name].tolist() for name in ("classes", "prototypes", "members"))
    for k, p, m in zip(*sizes, strict=True):
        counts = tuple(int(n) for n in pieces["counts"].next(k))
        members = pieces["member_prototypes"].next(m).astype(np.int64)
        if m and not 0 <= members.min() <= members.max() < p:
            raise ValueError("members name prototypes that are not there")
        yield PrototypeGroup(
            counts,
            pieces["lattice"].next(p).astype(np.float32),
            _from_grid(pieces["frac_coords"].next(3 * p * sum(counts))).reshape(p, -1, 3),
            pieces["fingerprints"].next(p * k * k * len(SHELLS)).reshape(p, k, k, -1),
            members,
            pieces["member_elements"].next(m * k).astype(np.int64).reshape(m, k),
        )
    for name in ("counts", "lattice", "frac_coords", "fingerprints", "member_elements"):
        pieces[name].check_end()


class _Pieces:
    """An array that is taken piece by piece."""

    def __init__(self, name: str, rows: NDArray) -> None:
        self.name = name
        self.rows = rows
        self.taken = 0

    def next(self, count: int) -> NDArray:
        """The next ``count`` rows."""
        piece = self.rows[self.taken : self.taken + count]
        if len(piece) != count:
            raise ValueError(f"{self.name} has {len(self.rows)} rows and ends too soon")
        self.taken += count
        return piece

    def check_end(self) -> None:
        """Raise ValueError unless all was taken."""
        if self.taken != len(self.rows):
            raise ValueError(f"{self.name} has {len(self.rows)} rows where {self.taken} belong")


def _joined(parts: list[NDArray]) -> Tensor:
    """All entries of some arrays as one flat tensor."""
    return torch.from_numpy(np.concatenate([np.zeros(0, parts[0].dtype), *map(np.ravel, parts)]))


def _on_grid(frac_coords: Tensor) -> Tensor:
    """Coordinates as 16-bit numbers, of which all have a meaning."""
    steps = (frac_coords.double() * GRID).round().long() % GRID
    return (steps - GRID // 2).short()


def _from_grid(steps: NDArray) -> NDArray[np.float32]:
    """What :func:`_on_grid` kept."""
    return ((steps.astype(np.float64) + GRID // 2) / GRID).astype(np.float32)
