"""Greedy: the lowest height above the hull of all mean energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dao_core.learning.acquisition.base import LabelCandidates
from dao_core.learning.sampled_hulls import drawn_heights

GAP = 0.05
"""eV/atom over which the value of a crystal falls to 1/e; only a price can make it matter."""


class Greedy:
    """What is believed to be lowest, whatever is in doubt."""

    name = "greedy"
    spreads = False

    def scores(self, candidates: LabelCandidates, seed: int) -> NDArray[np.float64]:  # noqa: ARG002 - of the interface
        """Falls with the height, x worth / cost."""
        heights = drawn_heights(candidates.traits.fractions, candidates.belief.mean[None])[0]
        value: NDArray[np.float64] = np.exp(-heights / GAP) * candidates.worth / candidates.cost
        return value
