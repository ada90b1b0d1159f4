"""Many pairs of generated and reference crystals, matched in parallel processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pymatgen.core import Structure

from dao_core.crystal.matching import LOOSE, STRICT, Tolerances, match
from dao_core.time_limits import map_within

__all__ = ["LOOSE", "STRICT", "PairMatch", "Tolerances", "match", "match_pairs"]

SECONDS_PER_PAIR = 10.0
"""A pair that takes longer counts as different, and is reported as timed out."""

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
    task = partial(_match_pair, tolerances=tolerances)
    outcomes = map_within(task, pairs, seconds=seconds_per_pair, processes=processes)
    return [PairMatch(outcome.value, outcome.failure) for outcome in outcomes]


def _match_pair(pair: Pair, tolerances: Tolerances) -> float | None:
    """:func:`match` of a pair."""
    return match(*pair, tolerances)
