"""How many phases near the hull have no label yet, as is believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dao_core.learning.residual import Belief
from dao_core.learning.sampled_hulls import drawn_heights

NEAR_HULL = 0.01
"""eV/atom above the hull within which a phase is wanted."""
ENOUGH = 0.5
"""Phases left below which a search has found what it can."""
DRAWS = 64


@dataclass(frozen=True)
class StillToFind:
    """Phases within :data:`NEAR_HULL` of the hull that have no label.

    Attributes:
        expected: mean over the draws.
        low: 5th percentile.
        high: 95th percentile.
    """

    expected: float
    low: int
    high: int

    @property
    def enough(self) -> bool:
        """Whether fewer than half a phase is believed to be left."""
        return self.expected < ENOUGH

    def __str__(self) -> str:
        return f"{self.expected:.1f} [{self.low}-{self.high}]"


def still_to_find(fractions: NDArray[np.float64], belief: Belief, seed: int = 0) -> StillToFind:
    """Count unlabelled crystals near the hull in joint draws.

    Args:
        fractions: ``[N, E]`` atomic fractions of all crystals.
        belief: of their energies.
        seed: of the draws.
    """
    near = drawn_heights(fractions, belief.draws(DRAWS, seed)) <= NEAR_HULL
    numbers = near[:, ~belief.labelled].sum(axis=1)
    low, high = np.percentile(numbers, (5, 95))
    return StillToFind(float(numbers.mean()), int(np.floor(low)), int(np.ceil(high)))
