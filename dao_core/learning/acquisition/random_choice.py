"""Any crystal as well as any other: what every rule has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dao_core.learning.acquisition.base import LabelCandidates


class RandomChoice:
    """Random numbers."""

    name = "random"
    spreads = False

    def scores(self, candidates: LabelCandidates, seed: int) -> NDArray[np.float64]:
        """The same for the same seed."""
        numbers: NDArray[np.float64] = np.random.default_rng(seed).random(len(candidates))
        return numbers
