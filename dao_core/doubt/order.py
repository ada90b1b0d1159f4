"""Orders of polymorphs that a level cannot settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dao_core.doubt.polymorph import Polymorph


class Law(NamedTuple):
    """Standard deviation of an energy difference of two polymorphs, sqrt(floor^2 + (b spread)^2).

    Attributes:
        floor: eV/atom, where independent potentials agree.
        factor: of their disagreement.
        alone: eV/atom, where no other potential is asked.
    """

    floor: float
    factor: float
    alone: float


_LAWS = {
    "dao-p@": Law(0.052, 0.0, 0.052),
    "chgnet-": Law(0.046, 0.0, 0.046),
    "sevennet-": Law(0.030, 0.7, 0.038),
}
"""By the beginning of the level; fitted by ``benchmarks/doubt.py`` on WBM, judged on K-Sn-P."""
_UNKNOWN = _LAWS["dao-p@"]
"""Of a level that nobody has looked at: the widest."""


def order_std(level: str, spread: float | None = None) -> float:
    """How far the energy difference of two polymorphs may be off, eV/atom.

    Args:
        level: of the difference.
        spread: what an independent level makes of it differently, eV/atom; None where none is
            known.

    Returns:
        One standard deviation.
    """
    law = next((law for start, law in _LAWS.items() if level.startswith(start)), _UNKNOWN)
    if spread is None:
        return law.alone
    return float((law.floor**2 + (law.factor * spread) ** 2) ** 0.5)


def gap_std(level: str, one: Polymorph, other: Polymorph) -> float:
    """How far the gap between two polymorphs of one composition may be off, eV/atom."""
    return order_std(level, _spread(one, other))


def ties(polymorphs: Sequence[Polymorph], level: str) -> dict[int, int]:
    """Structures whose order to the best of their composition the level does not settle.

    Args:
        polymorphs: of all compositions, best first.
        level: of their heights.

    Returns:
        Rank of the best by the rank of each that ties with it.
    """
    best: dict[str, Polymorph] = {}
    tied: dict[int, int] = {}
    for one in polymorphs:
        first = best.setdefault(one.formula, one)
        if first is one:
            continue
        gap = abs(one.energy_per_atom - first.energy_per_atom)
        if gap <= gap_std(level, first, one):
            tied[one.rank] = first.rank
    return tied


def _spread(one: Polymorph, other: Polymorph) -> float | None:
    """Root mean square of what other levels make of a gap differently; None without any."""
    here = one.energy_per_atom - other.energy_per_atom
    pairs = (
        (one.search_height, other.search_height),
        (one.second_energy, other.second_energy),
    )
    apart = [here - (a - b) for a, b in pairs if a is not None and b is not None]
    if not apart:
        return None
    return float((sum(gap**2 for gap in apart) / len(apart)) ** 0.5)
