"""Do two crystals match: StructureMatcher with the pairs told apart first that cannot match."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from dao_core.crystal.symmetry import space_group_number


@dataclass(frozen=True)
class Tolerances:
    """What counts as a match.

    Attributes:
        ltol: relative difference of lattice lengths.
        stol: site displacement over the cube root of the volume per atom.
        angle_tol: degrees.
        symprec: if given, both crystals must also have the same space group at this tolerance,
            angstrom.
    """

    ltol: float = 0.3
    stol: float = 0.5
    angle_tol: float = 10.0
    symprec: float | None = None

    def __str__(self) -> str:
        """For the head of a table."""
        text = f"ltol={self.ltol:g} stol={self.stol:g} angle_tol={self.angle_tol:g}"
        if self.symprec is None:
            return text
        return f"{text} same space group (symprec={self.symprec:g})"


LOOSE = Tolerances()
"""The field's customary tolerances (CDVAE, DiffCSP)."""
STRICT = Tolerances(ltol=0.2, stol=0.3, angle_tol=5.0, symprec=0.1)
"""pymatgen's defaults and the same space group, as in CSPBench."""

SHORTEST_VECTOR = 0.5
"""Lattice vector over the cube root of the volume per atom: a crystal with a shorter one (about
1.2 angstrom between an atom and its own image) matches nothing. Simple cubic has 1."""


def match(
    generated: Structure, reference: Structure, tolerances: Tolerances = LOOSE
) -> float | None:
    """RMSE of the best superposition, or None where the crystals do not match.

    Same answer as ``StructureMatcher(ltol, stol, angle_tol).get_rms_dist``, but pairs that cannot
    match are told apart by composition, atoms per primitive cell and lattice first. That matters
    not only for speed: on a needle-shaped cell StructureMatcher runs for minutes or out of memory,
    so a crystal with a lattice vector below ``SHORTEST_VECTOR`` matches nothing.
    """
    if not _same_formula(generated, reference):
        return None
    if min(_lengths(generated)[0], _lengths(reference)[0]) < SHORTEST_VECTOR:
        return None
    generated, reference = _primitive(generated), _primitive(reference)
    if len(generated) != len(reference):
        return None
    if _different_lattices(generated, reference, tolerances.ltol):
        return None
    matcher = StructureMatcher(
        tolerances.ltol, tolerances.stol, tolerances.angle_tol, primitive_cell=False
    )
    distance = matcher.get_rms_dist(generated, reference)
    if distance is None or _other_space_group(generated, reference, tolerances.symprec):
        return None
    return float(distance[0])


def _same_formula(first: Structure, second: Structure) -> bool:
    """Whether two crystals have the same elements in the same ratio."""
    return first.composition.fractional_composition.almost_equals(
        second.composition.fractional_composition
    )


def _primitive(structure: Structure) -> Structure:
    """The reduction with which StructureMatcher begins."""
    return structure.get_reduced_structure("niggli").get_primitive_structure()


def _lengths(structure: Structure) -> np.ndarray:
    """Lengths ``[3]`` of an LLL basis over the cube root of the volume per atom, sorted."""
    unit = (structure.volume / len(structure)) ** (1 / 3)
    return np.sort(structure.lattice.get_lll_reduced_lattice().abc) / unit


def _length_ratio(ltol: float) -> float:
    """Largest ratio of the successive minima of two lattices of one volume that ``ltol`` allows.

    A basis of one lattice whose lengths are within ``1 + ltol`` of the minima of the other gives
    ``l_i <= (1 + ltol) m_i``; with ``V <= l_1 l_2 l_3 <= sqrt(2) V`` (Minkowski's second theorem
    in three dimensions) each minimum is also at least ``m_i / (sqrt(2) (1 + ltol)^2)``. Another
    factor of two, because the lengths of an LLL basis are at most twice the minima.
    """
    return 2 * math.sqrt(2) * (1 + ltol) ** 2


def _different_lattices(first: Structure, second: Structure, ltol: float) -> bool:
    """Whether no basis of one primitive lattice can lie within ``ltol`` of the other's."""
    ratio = _lengths(first) / _lengths(second)
    bound = _length_ratio(ltol)
    return bool((ratio > bound).any() or (ratio < 1 / bound).any())


def _other_space_group(first: Structure, second: Structure, symprec: float | None) -> bool:
    """Whether the space groups are asked for (``symprec`` in angstrom) and differ."""
    if symprec is None:
        return False
    return space_group_number(first, symprec) != space_group_number(second, symprec)
