"""A source of candidates: the elements shuffled over the sites of a simple parent lattice."""

from __future__ import annotations

import numpy as np
from pymatgen.core import Lattice, Structure

from dao_core.crystal.volume import rescaled
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources import Proposal

PARENTS = {
    "fcc": Lattice([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]]),
    "bcc": Lattice([[-1.5, 1.5, 1.5], [1.5, -1.5, 1.5], [1.5, 1.5, -1.5]]),
}
"""Primitive cells with one site; the size does not matter, for crystals are rescaled."""


class ParentLatticeSource:
    """Orderings of an alloy: fcc and bcc take turns, each in a random supercell."""

    name = "parent-lattice"
    seconds_per_candidate = 0.001

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """``n`` orderings; candidate ``i`` follows from the cell, ``seed`` and ``i`` alone."""
        return [self._ordering(cell, seed, index) for index in range(first, first + n)]

    def _ordering(self, cell: CompositionCell, seed: int, index: int) -> Proposal:
        parent = sorted(PARENTS)[index % len(PARENTS)]
        rng = np.random.default_rng([seed, index])
        crystal = Structure(PARENTS[parent], ["H"], [[0, 0, 0]])
        crystal.make_supercell(random_supercell(cell.natoms, rng), to_unit_cell=True)
        counts = cell.composition.get_el_amt_dict()
        symbols = [symbol for symbol, count in counts.items() for _ in range(round(count))]
        shuffled = Structure(crystal.lattice, rng.permutation(symbols), crystal.frac_coords)
        detail = {"parent": parent, "ordering_seed": [seed, index]}
        return Proposal(rescaled(shuffled), f"{self.name}:{parent}", detail)


def random_supercell(size: int, rng: np.random.Generator) -> np.ndarray:
    """A random Hermite normal form ``[3, 3]`` of determinant ``size`` (Hart, Forcade 2008)."""
    shapes = [
        (a, b, size // (a * b))
        for a in range(1, size + 1)
        for b in range(1, size // a + 1)
        if size % (a * b) == 0
    ]
    a, b, c = shapes[rng.integers(len(shapes))]
    return np.array([[a, 0, 0], [rng.integers(b), b, 0], [*rng.integers(c, size=2), c]])
