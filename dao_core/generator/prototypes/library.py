"""The prototypes of a training set, without elements and scale, and the compositions seen in each.

Crystals of one stoichiometry share an entry if their fingerprints agree to ``ALIKE`` after some
assignment of elements; one geometry stands for all, at one cubic angstrom per atom. Entries whose
fingerprints agree to ``SAME`` count as one prototype where prototypes are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure
from torch import Tensor

SAME = 0.05
"""Distance of fingerprints within which crystals are of one prototype."""
ALIKE = 0.01
"""Distance within which one geometry stands for both: with 0.05 in its place, other axial ratios
and free coordinates cost three points of match rate (benchmarks/experiments.md)."""


@dataclass(frozen=True)
class PrototypeGroup:
    """The part of a library with the same atoms per class.

    Attributes:
        prototypes: ``[p]``, their numbers in the library.
        fingerprints: ``[p, k, neighbours]``, rows in the order of the classes.
        elements: ``[m, k]``, the elements of each crystal seen, on the classes of its prototype.
        members: ``[m]``, the prototype of each, counted within the group.
    """

    prototypes: NDArray[np.int64]
    fingerprints: NDArray[np.float32]
    elements: NDArray[np.int64]
    members: NDArray[np.int64]


@dataclass(frozen=True)
class PrototypeLibrary:
    """All prototypes as flat arrays; ``p`` prototypes, ``m`` crystals seen.

    Attributes:
        counts: for each prototype its atoms per class.
        lattice: ``[p, 3, 3]`` rows, Niggli cell, one cubic angstrom per atom.
        frac_coords: for each prototype ``[n, 3]``.
        atom_classes: for each prototype ``[n]``.
        fingerprints: for each prototype ``[k, neighbours]``.
        member_prototypes: ``[m]``.
        member_elements: for each crystal seen ``[k]`` atomic numbers.
    """

    counts: list[tuple[int, ...]]
    lattice: NDArray[np.float32]
    frac_coords: list[NDArray[np.float32]]
    atom_classes: list[NDArray[np.int64]]
    fingerprints: list[NDArray[np.float32]]
    member_prototypes: NDArray[np.int64]
    member_elements: list[NDArray[np.int64]]

    def __len__(self) -> int:
        """Number of prototypes."""
        return len(self.counts)

    @cached_property
    def groups(self) -> dict[tuple[int, ...], PrototypeGroup]:
        """The library by atoms per class."""
        rows: dict[tuple[int, ...], list[int]] = {}
        for number, counts in enumerate(self.counts):
            rows.setdefault(counts, []).append(number)
        members: dict[tuple[int, ...], list[int]] = {counts: [] for counts in rows}
        for member, prototype in enumerate(self.member_prototypes):
            members[self.counts[prototype]].append(member)
        return {counts: self._group(rows[counts], members[counts]) for counts in rows}

    def _group(self, prototypes: list[int], members: list[int]) -> PrototypeGroup:
        place = {prototype: index for index, prototype in enumerate(prototypes)}
        return PrototypeGroup(
            np.array(prototypes),
            np.stack([self.fingerprints[prototype] for prototype in prototypes]),
            np.stack([self.member_elements[member] for member in members]),
            np.array([place[int(self.member_prototypes[member])] for member in members]),
        )

    def structure(self, prototype: int, elements: NDArray[np.int64]) -> Structure:
        """A prototype with elements ``[k]`` on its classes, one cubic angstrom per atom."""
        species = [Element.from_Z(int(z)) for z in elements[self.atom_classes[prototype]]]
        return Structure(Lattice(self.lattice[prototype]), species, self.frac_coords[prototype])

    def tensors(self) -> dict[str, Tensor]:
        """The library as tensors for a model file."""
        classes = [len(counts) for counts in self.counts]
        return {
            "counts": torch.tensor([n for counts in self.counts for n in counts]).short(),
            "classes": torch.tensor(classes).to(torch.uint8),
            "lattice": torch.from_numpy(self.lattice),
            "frac_coords": torch.from_numpy(np.concatenate(self.frac_coords)),
            "atom_classes": torch.from_numpy(np.concatenate(self.atom_classes)).to(torch.uint8),
            "fingerprints": torch.from_numpy(np.concatenate(self.fingerprints)).half(),
            "member_prototypes": torch.from_numpy(self.member_prototypes).int(),
            "member_elements": torch.from_numpy(np.concatenate(self.member_elements)).to(
                torch.uint8
            ),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> PrototypeLibrary:
        """The library that :meth:`tensors` wrote.

        Raises:
            KeyError: a tensor is missing.
            ValueError: they do not belong together.
        """
        part = {name: tensor.numpy() for name, tensor in tensors.items()}
        ends = np.cumsum(part["classes"].astype(int))
        counts = [tuple(int(n) for n in c) for c in _split(part["counts"], ends)]
        natoms = np.cumsum([sum(c) for c in counts])
        member_prototypes = part["member_prototypes"].astype(np.int64)
        if len(member_prototypes) and not 0 <= member_prototypes.max() < len(counts):
            raise ValueError("members name prototypes that are not there")
        member_ends = np.cumsum(part["classes"].astype(int)[member_prototypes])
        return cls(
            counts,
            part["lattice"].astype(np.float32),
            _split(part["frac_coords"].astype(np.float32), natoms),
            _split(part["atom_classes"].astype(np.int64), natoms),
            _split(part["fingerprints"].astype(np.float32), ends),
            member_prototypes,
            _split(part["member_elements"].astype(np.int64), member_ends),
        )


def _split(flat: NDArray, ends: NDArray[np.int64]) -> list[NDArray]:
    """Pieces of a flat array that end at ``ends``."""
    if len(flat) != (ends[-1] if len(ends) else 0):
        raise ValueError(f"{len(flat)} entries where {ends[-1] if len(ends) else 0} belong")
    return np.split(flat, ends[:-1]) if len(ends) else []
