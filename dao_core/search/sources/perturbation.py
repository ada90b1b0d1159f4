"""Candidates from the best so far: distorted along soft directions, reordered, strained."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from pymatgen.core import Structure

from dao_core.potentials import Potential
from dao_core.search.compositions import CompositionCell
from dao_core.search.soft_modes import soft_modes
from dao_core.search.sources.base import Parent, Proposal

KINDS = ("mode", "order", "strain")
AMPLITUDES = (0.15, 0.4)
"""Angstrom: the largest move of an atom along a mode, between these."""
STRAIN = 0.08
"""Standard deviation of the strain: far enough to leave the basin of a soft cell."""
MODES = 4
"""Softest modes that are followed, one after the other."""


class PerturbationSource:
    """Children of relaxed crystals; cells that are multiples of a parent get its supercells.

    Three kinds take turns: the parent distorted along one of its softest modes (eigenvectors of a
    finite-difference Hessian), with two atoms of different elements exchanged, and strained.
    """

    name = "perturbation"
    seconds_per_candidate = 0.03

    def __init__(self, parents: Sequence[Parent], potential: Potential) -> None:
        """Take parents, the best first, and the potential whose Hessian shows soft directions."""
        self._parents = tuple(parents)
        self._potential = potential
        self._modes: dict[tuple[str, int, int], np.ndarray] = {}

    @staticmethod
    def breeds(natoms: int, parent: int) -> bool:
        """Whether a parent of so many atoms has children of ``natoms``."""
        return natoms % parent == 0

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Children of every parent of this composition in turn; none where there is no parent."""
        fitting = [
            (parent, cell.natoms // len(parent.structure))
            for parent in self._parents
            if parent.structure.composition.reduced_formula == cell.formula
            and self.breeds(cell.natoms, len(parent.structure))
        ]
        if not fitting:
            return []
        proposals = []
        for index in range(first, first + n):
            parent, multiple = fitting[index % len(fitting)]
            turn = index // len(fitting)
            kind = KINDS[turn % len(KINDS)]
            rng = np.random.default_rng([seed, index])
            structure = self._child(parent, multiple, kind, turn // len(KINDS), rng)
            detail = {"parent": parent.identity, "kind": kind, "child": index}
            proposals.append(Proposal(structure, f"{self.name}:{kind}", detail))
        return proposals

    def _child(
        self, parent: Parent, multiple: int, kind: str, turn: int, rng: np.random.Generator
    ) -> Structure:
        structure = supercell(parent.structure, multiple, turn)
        if kind == "order" and len(structure.composition) > 1:
            return _reordered(structure, rng)
        if kind == "strain" or len(structure) == 1:
            return _strained(structure, rng)
        modes = self._soft_modes(parent.identity, structure, multiple, turn)
        mode = modes[(turn + (kind == "order")) % len(modes)]
        return _moved(structure, mode * rng.choice([-1, 1]) * rng.uniform(*AMPLITUDES))

    def _soft_modes(
        self, identity: str, structure: Structure, multiple: int, turn: int
    ) -> np.ndarray:
        key = (identity, multiple, turn % len(_shapes(multiple)))
        if key not in self._modes:
            self._modes[key] = soft_modes(structure, self._potential, MODES)
        return self._modes[key]


def supercell(structure: Structure, multiple: int, turn: int) -> Structure:
    """The ``turn``-th diagonal supercell of ``multiple`` cells, the compact ones first."""
    shapes = _shapes(multiple)
    return structure.make_supercell(shapes[turn % len(shapes)], in_place=False)


def _shapes(multiple: int) -> list[tuple[int, int, int]]:
    """Numbers of repeats along the axes whose product is ``multiple``."""
    factors = [k for k in range(1, multiple + 1) if multiple % k == 0]
    shapes = [
        (a, b, c) for a, b, c in itertools.product(factors, repeat=3) if a * b * c == multiple
    ]
    return sorted(shapes, key=lambda s: (max(s), s))


def _reordered(structure: Structure, rng: np.random.Generator) -> Structure:
    """Two atoms of different elements exchanged."""
    numbers = np.array(structure.atomic_numbers)
    one = int(rng.integers(len(numbers)))
    other = int(rng.choice(np.flatnonzero(numbers != numbers[one])))
    species = list(structure.species)
    species[one], species[other] = species[other], species[one]
    return Structure(structure.lattice, species, structure.frac_coords)


def _strained(structure: Structure, rng: np.random.Generator) -> Structure:
    """The crystal under a random symmetric strain at its volume, with its atoms shaken a little."""
    strain = rng.normal(scale=STRAIN, size=(3, 3))
    strain = (strain + strain.T) / 2
    deformation = np.eye(3) + strain - np.eye(3) * np.trace(strain) / 3
    lattice = structure.lattice.matrix @ deformation
    strained = Structure(lattice, structure.species, structure.frac_coords)
    return _moved(strained, rng.normal(scale=AMPLITUDES[0] / 3, size=(len(structure), 3)))


def _moved(structure: Structure, displacements: np.ndarray) -> Structure:
    """The crystal with its atoms displaced, ``[N, 3]`` angstrom."""
    coords = structure.cart_coords + displacements
    return Structure(
        structure.lattice,
        structure.species,
        structure.lattice.get_fractional_coords(coords),
        to_unit_cell=True,
    )
