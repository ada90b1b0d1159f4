"""The rule of release 1.0: the chance that a label puts a crystal on the surrogate's hull."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dao_core.learning.acquisition.base import LabelCandidates
from dao_core.search.selection import LEAST_DOUBT


class StabilityChance:
    """Gaussian chance of a height above a hull that is taken as certain; labels change nothing."""

    name = "stability chance"
    spreads = True

    def scores(self, candidates: LabelCandidates, seed: int) -> NDArray[np.float64]:  # noqa: ARG002 - of the interface
        """Chance x worth / cost."""
        traits = candidates.traits
        chance: NDArray[np.float64] = ndtr(-traits.height / np.maximum(traits.doubt, LEAST_DOUBT))
        return chance * candidates.worth / candidates.cost
