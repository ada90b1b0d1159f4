"""Statics first: single points at the minima at hand order what is worth a relaxation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["static", "relaxation"]

STATICS, RELAXATIONS = 5, 2
"""Single points, then relaxations of the best by them, and so on."""
USUAL_DROP, USUAL_SPREAD = 0.012, 0.015
"""eV/atom that a relaxation gains below the static energy at the surrogate's minimum, before any
was seen (medians of 3-18 meV/atom in crystals that stay what they are)."""
PRIOR_PAIRS = 3
"""So many observed drops weigh as much as the usual one."""


@dataclass(frozen=True)
class Drop:
    """What relaxing from a surrogate's minimum gains.

    Attributes:
        mean: eV/atom.
        spread: standard deviation, eV/atom.
    """

    mean: float = USUAL_DROP
    spread: float = USUAL_SPREAD

    @classmethod
    def seen(cls, drops: Sequence[float]) -> Drop:
        """Learned from pairs of first and last energies of relaxations, eV/atom."""
        known = np.asarray(drops, dtype=float)
        weight = PRIOR_PAIRS + len(known)
        mean = (PRIOR_PAIRS * USUAL_DROP + known.sum()) / weight
        square = PRIOR_PAIRS * USUAL_SPREAD**2 + np.square(known - mean).sum()
        return cls(float(mean), float(np.sqrt(square / weight)))


def next_kind(statics: int, relaxations: int, *, candidates: bool = True) -> Kind:
    """Whether a static or a relaxation comes next.

    Args:
        statics: single points so far.
        relaxations: so far.
        candidates: whether there is any crystal without a static.
    """
    due = STATICS * (1 + relaxations // RELAXATIONS)
    return "static" if candidates and statics < due else "relaxation"
