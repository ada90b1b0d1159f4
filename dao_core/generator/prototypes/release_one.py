"""Prototype libraries of model files of release 1, which kept each prototype by itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure
from torch import Tensor

from dao_core.crystal.fingerprint import coloured_fingerprint
from dao_core.generator.prototypes.library import Counts, PrototypeGroup, PrototypeLibrary


def is_of_release_one(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the tensors of a library are laid out as release 1 did."""
    return "atom_classes" in tensors


def library_of_release_one(tensors: Mapping[str, Tensor]) -> PrototypeLibrary:
    """A library of release 1 as one of today.

    Its fingerprints did not see elements and are made anew, which takes a second for each 1,500
    prototypes. Orderings that it had merged stay lost: training anew brings them back.

    Raises:
        KeyError: a tensor is missing.
        ValueError: they do not belong together.
    """
    kept = {name: tensor.numpy() for name, tensor in tensors.items()}
    ends = np.cumsum(kept["classes"].astype(int))
    counts = [tuple(int(n) for n in c) for c in np.split(kept["counts"], ends[:-1])]
    atoms = np.cumsum([sum(c) for c in counts])[:-1]
    frac_coords = np.split(kept["frac_coords"], atoms)
    classes = np.split(kept["atom_classes"], atoms)
    members = kept["member_prototypes"].astype(np.int64)
    if len(members) and not 0 <= members.min() <= members.max() < len(counts):
        raise ValueError("members name prototypes that are not there")
    widths = np.cumsum([len(counts[number]) for number in members])
    elements = np.split(kept["member_elements"].astype(np.int64), widths[:-1])
    groups = {}
    for own in set(counts):
        numbers = [number for number, other in enumerate(counts) if other == own]
        seen = np.flatnonzero(np.isin(members, numbers))
        ordered = [frac_coords[n][np.argsort(classes[n], kind="stable")] for n in numbers]
        lattice = kept["lattice"][numbers].astype(np.float32)
        groups[own] = PrototypeGroup(
            own,
            lattice,
            np.array(ordered, dtype=np.float32),
            np.array(
                [_fingerprint(own, *part) for part in zip(lattice, ordered, strict=True)],
                dtype=np.float32,
            ),
            np.searchsorted(numbers, members[seen]),
            np.stack([elements[member] for member in seen]),
        )
    return PrototypeLibrary(groups)


def _fingerprint(
    counts: Counts, lattice: NDArray[np.float32], frac_coords: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Fingerprint of a prototype; any elements do whose order is that of the classes."""
    elements = [Element.from_Z(z) for z, n in enumerate(counts, start=1) for _ in range(n)]
    return coloured_fingerprint(Structure(Lattice(lattice), elements, frac_coords))
