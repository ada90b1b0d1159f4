"""Polymorphs of one composition in the order of their free energies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PolymorphEnergies:
    """Energies of one polymorph, eV/atom, all at one level.

    Attributes:
        name: What the caller calls it.
        static: Of the crystal at rest.
        zero_point: Of its vibrations at 0 K.
        free: At the temperature: static, zero point and thermal parts together.
    """

    name: str
    static: float
    zero_point: float
    free: float


@dataclass(frozen=True)
class RankedPolymorph:
    """Where one polymorph stands, by each energy in eV/atom above the lowest by that energy.

    Attributes:
        name: As given.
        rank: By free energy, from 1.
        rank_at_rest: By static energy, from 1.
        at_rest: Static.
        at_zero: With the zero point.
        at_temperature: Free.
    """

    name: str
    rank: int
    rank_at_rest: int
    at_rest: float
    at_zero: float
    at_temperature: float


def rank_polymorphs(polymorphs: Sequence[PolymorphEnergies]) -> list[RankedPolymorph]:
    """The polymorphs by free energy, the lowest first.

    Args:
        polymorphs: Of one composition, at one level and temperature.
    """
    by_rest = sorted(polymorphs, key=lambda one: one.static)
    by_free = sorted(polymorphs, key=lambda one: one.free)
    lowest_zero = min((one.static + one.zero_point for one in polymorphs), default=0.0)
    return [
        RankedPolymorph(
            name=one.name,
            rank=rank,
            rank_at_rest=by_rest.index(one) + 1,
            at_rest=one.static - by_rest[0].static,
            at_zero=one.static + one.zero_point - lowest_zero,
            at_temperature=one.free - by_free[0].free,
        )
        for rank, one in enumerate(by_free, start=1)
    ]
