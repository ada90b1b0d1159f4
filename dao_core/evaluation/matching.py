"""Does a generated crystal match a reference: one pair, or many in parallel processes."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import FrameType

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

SECONDS_PER_PAIR = 10.0
"""A pair that takes longer counts as different, and is reported as timed out."""
SHORTEST_VECTOR = 0.5
"""Lattice vector over the cube root of the volume per atom: a crystal with a shorter one (about
1.2 angstrom between an atom and its own image) matches nothing. Simple cubic has 1."""
PAIRS_PER_TASK = 8
"""Pairs that a worker process takes at once; small, so that slow pairs spread over the workers."""

Pair = tuple[Structure, Structure]


@dataclass(frozen=True)
class PairMatch:
    """What became of one pair.

    Attributes:
        rmse: root mean square displacement over the cube root of the volume per atom, if matched.
        failure: why the pair could not be compared, else None; such a pair is not a match.
    """

    rmse: float | None
    failure: str | None = None


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


def match_pairs(
    pairs: Sequence[Pair],
    tolerances: Tolerances = LOOSE,
    *,
    processes: int | None = None,
    seconds_per_pair: float = SECONDS_PER_PAIR,
) -> list[PairMatch]:
    """:func:`match` for many pairs ``(generated, reference)`` in worker processes, in order.

    Args:
        pairs: generated and reference crystals.
        tolerances: what counts as a match.
        processes: workers; all cores by default.
        seconds_per_pair: a pair that takes longer is given up.
    """
    if not pairs:
        return []
    workers = min(processes or os.cpu_count() or 1, math.ceil(len(pairs) / PAIRS_PER_TASK))
    task = partial(_match_within, tolerances=tolerances, seconds=seconds_per_pair)
    # Not forked from here: a fork of a process with torch threads can hang.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        return list(executor.map(task, pairs, chunksize=PAIRS_PER_TASK))


class _TimeUpError(Exception):
    """A pair has used up its time."""


def _raise_time_up(_signal: int, _frame: FrameType | None) -> None:
    """The alarm's handler."""
    raise _TimeUpError


def _match_within(pair: Pair, tolerances: Tolerances, seconds: float) -> PairMatch:
    """Match one pair in the main thread of a worker process, interrupted by an alarm."""
    signal.signal(signal.SIGALRM, _raise_time_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return PairMatch(match(*pair, tolerances))
    except _TimeUpError:
        return PairMatch(None, f"not compared within {seconds:g} s")
    # A degenerate cell makes the reductions of pymatgen and numpy raise; it matches nothing.
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError, MemoryError) as error:
        return PairMatch(None, f"not comparable: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


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
