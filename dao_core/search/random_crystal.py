"""One random crystal of a random space group, made by PyXtal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure
from pyxtal import pyxtal
from pyxtal.msg import Error as PyxtalError
from pyxtal.symmetry import Group

from dao_core.crystal.symmetry import standard_primitive

SYMPREC = 0.01
"""Angstrom, for the primitive cell of what PyXtal made."""
LATTICE_POINTS = {"P": 1, "A": 2, "B": 2, "C": 2, "I": 2, "R": 3, "F": 4}
"""Primitive cells per conventional cell, by the first letter of the space group."""


@dataclass(frozen=True)
class RandomOrder:
    """What one attempt is to make.

    Attributes:
        counts: atoms of each element in the primitive cell.
        seed: of everything random in it.
    """

    counts: tuple[tuple[str, int], ...]
    seed: tuple[int, ...]


def random_crystal(order: RandomOrder) -> Structure | None:
    """One attempt in one random space group, or None where it does not work out.

    A crystal that turns out to repeat itself within the cell is not kept.
    """
    rng = np.random.default_rng(order.seed)
    number, counts = _random_space_group(order, rng)
    crystal = pyxtal()
    try:
        crystal.from_random(
            3, number, [symbol for symbol, _ in order.counts], counts, random_state=rng
        )
    except (PyxtalError, RuntimeError):
        return None
    if not crystal.valid:
        return None
    primitive = standard_primitive(crystal.to_pymatgen(), SYMPREC)
    return primitive if len(primitive) == sum(n for _, n in order.counts) else None


def _random_space_group(order: RandomOrder, rng: np.random.Generator) -> tuple[int, list[int]]:
    """A space group with places for the atoms, and their numbers in its conventional cell.

    P1 has places for any atoms; it is taken only if nothing else fits.
    """
    for number in [*rng.permutation(np.arange(2, 231)).tolist(), 1]:
        group = Group(number)
        counts = [count * LATTICE_POINTS[group.symbol[0]] for _, count in order.counts]
        if group.check_compatible(counts)[0]:
            break
    return number, counts
