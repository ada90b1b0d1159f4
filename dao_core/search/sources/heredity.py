"""Candidates with two parents: a slice of one crystal beside a slice of another.

Cut and splice of Deaven and Ho, Phys. Rev. Lett. 75, 288 (1995), for periodic crystals as in USPEX
(Glass, Oganov and Hansen, Comput. Phys. Commun. 175, 713 (2006)). What is good about a crystal is
mostly local, so that halves of two good ones are a better guess than random atoms. Mutations of one
parent (strain, exchanged elements, soft modes) are those of the source ``perturbation``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Element, Lattice, Structure

from dao_core.crystal.validity import invalid_reason
from dao_core.potentials import Potential
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Parent, Proposal
from dao_core.search.sources.perturbation import supercell

CUT = (0.3, 0.7)
"""Share of the cell that the first parent gives, between these."""
ATTEMPTS = 20
"""Cuts that are tried for one child; most failures are atoms too close at the seam."""
PLACES = 30
"""Random places from which the emptiest takes an atom that neither parent can give."""

Floats = NDArray[np.float64]


class HereditySource:
    """Children of pairs of relaxed crystals of the same elements.

    Parents of the very composition are preferred; others of the same elements give children too,
    whose atoms are then made up to the composition.
    """

    name = "heredity"
    seconds_per_candidate = 0.01

    def __init__(self, parents: Sequence[Parent], potential: Potential | None = None) -> None:  # noqa: ARG002 - all bred sources are made alike
        """Take parents, the best first."""
        self._parents = tuple(parents)

    @staticmethod
    def breeds(natoms: int, parent: int) -> bool:
        """Whether a parent of so many atoms has children of ``natoms``."""
        return parent <= natoms

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Children; fewer where no cut gives a possible crystal, none where there is no parent."""
        fitting = self._fitting(cell)
        made = (self._child(fitting, cell, seed, i) for i in range(first, first + n) if fitting)
        return [child for child in made if child is not None]

    def _fitting(self, cell: CompositionCell) -> list[Parent]:
        """Parents of the same elements and no more atoms, those of the composition first."""
        elements = set(cell.composition.elements)
        able = [
            parent
            for parent in self._parents
            if set(parent.structure.elements) == elements
            and self.breeds(cell.natoms, len(parent.structure))
        ]
        return sorted(
            able, key=lambda one: one.structure.composition.reduced_formula != cell.formula
        )

    def _child(
        self, parents: Sequence[Parent], cell: CompositionCell, seed: int, index: int
    ) -> Proposal | None:
        random = np.random.default_rng([seed, index])
        weights = 1 / (1 + np.arange(len(parents)))
        for _ in range(ATTEMPTS):
            one, other = random.choice(len(parents), 2, p=weights / weights.sum())
            pair = parents[one], parents[other]
            child = splice(pair[0].structure, pair[1].structure, cell.composition, random)
            if invalid_reason(child, composition=cell.composition) is None:
                detail = {"parents": [parent.identity for parent in pair], "child": index}
                return Proposal(child, self.name, detail)
        return None


def splice(
    first: Structure, second: Structure, composition: Composition, random: np.random.Generator
) -> Structure:
    """A crystal whose atoms on one side of a plane are those of one, on the other of another.

    Args:
        first: a crystal of the elements of ``composition``.
        second: likewise.
        composition: all atoms of the child's cell.
        random: chooses the axis, the origins and the plane.

    Returns:
        The child, which may have atoms too close to each other.
    """
    natoms = round(composition.num_atoms)
    axes = random.permutation(3)
    parents = [_moved(_enlarged(one, natoms), axes, random) for one in (first, second)]
    share = random.uniform(*CUT)
    numbers, sites, spare = _cut(parents, share, random)
    lattice = _between(parents, share, natoms)
    wanted = Counter({element.Z: round(n) for element, n in composition.items()})
    numbers, sites = _made_up(numbers, sites, spare, wanted, lattice, random)
    return Structure(lattice, [Element.from_Z(int(z)) for z in numbers], sites)


def _enlarged(structure: Structure, natoms: int) -> Structure:
    """The compact supercell whose number of atoms is nearest to the one wanted."""
    return supercell(structure, max(1, round(natoms / len(structure))), turn=0)


def _moved(
    structure: Structure, order: NDArray[np.int64], random: np.random.Generator
) -> Structure:
    """The same crystal with its axes by length, then in ``order``, and its origin elsewhere.

    Long axes of both parents lie side by side, so that the lattice between them is like both.
    """
    axes = np.argsort(structure.lattice.abc, kind="stable")[order]
    sites = (structure.frac_coords[:, axes] + random.uniform(size=3)) % 1
    return Structure(Lattice(structure.lattice.matrix[axes]), structure.species, sites)


def _cut(
    parents: Sequence[Structure], share: float, random: np.random.Generator
) -> tuple[NDArray[np.int64], Floats, list[tuple[int, Floats]]]:
    """Atoms of each parent on its side of a plane across the first axis, and those left over."""
    numbers: list[int] = []
    sites: list[Floats] = []
    spare: list[tuple[int, Floats]] = []
    for side, parent in enumerate(parents):
        for number, site in zip(parent.atomic_numbers, parent.frac_coords, strict=True):
            if (site[0] < share) == (side == 0):
                numbers.append(number)
                sites.append(site)
            else:
                spare.append((number, site))
    spare = [spare[i] for i in random.permutation(len(spare))]
    return np.array(numbers, dtype=np.int64), np.reshape(sites, (-1, 3)), spare


def _between(parents: Sequence[Structure], share: float, natoms: int) -> Lattice:
    """The lattice between those of two parents, at their mean volume per atom.

    Metrics are averaged: the mean of two is always that of a lattice.
    """
    metrics = [one.lattice.matrix @ one.lattice.matrix.T for one in parents]
    mean = share * metrics[0] + (1 - share) * metrics[1]
    volumes = [one.volume / len(one) for one in parents]
    lattice = Lattice(np.linalg.cholesky(mean))
    return lattice.scale(natoms * (share * volumes[0] + (1 - share) * volumes[1]))


def _made_up(
    numbers: NDArray[np.int64],
    sites: Floats,
    spare: Sequence[tuple[int, Floats]],
    wanted: Counter[int],
    lattice: Lattice,
    random: np.random.Generator,
) -> tuple[NDArray[np.int64], Floats]:
    """Atoms that are too many are left out; those that lack come from what was cut away."""
    kept = np.sort(
        np.concatenate(
            [
                random.permutation(np.flatnonzero(numbers == z))[:count]
                for z, count in sorted(wanted.items())
            ]
        )
    ).astype(int)
    numbers, sites = numbers[kept], sites[kept]
    lacking = wanted - Counter(numbers.tolist())
    for number in sorted(lacking.elements()):
        offered = [site for z, site in spare if z == number]
        offered += list(random.uniform(size=(PLACES if not offered else 0, 3)))
        numbers = np.append(numbers, number)
        sites = np.vstack([sites, _emptiest(offered, sites, lattice)])
    return numbers, sites


def _emptiest(offered: Sequence[Floats], sites: Floats, lattice: Lattice) -> Floats:
    """The place that is furthest from all atoms."""
    if len(sites) == 0:
        return offered[0]
    distances = lattice.get_all_distances(np.array(offered), sites).min(axis=1)
    return offered[int(distances.argmax())]
