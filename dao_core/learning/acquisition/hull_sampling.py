"""Hull sampling: how likely a crystal lies near the hull, hulls being as uncertain as energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dao_core.learning.acquisition.base import LabelCandidates
from dao_core.learning.remaining import DRAWS, NEAR_HULL
from dao_core.learning.sampled_hulls import drawn_heights


class HullSampling:
    """Chance of lying within 10 meV/atom of a drawn hull, for the price of a label.

    All energies are drawn together, labels exact in each draw, and each draw has a hull of its
    own (after Novick et al., Mater. Horiz. 2024, arXiv 2402.15582): crystals that compete for one
    place on the hull share the chance of it.
    """

    name = "hull sampling"
    spreads = False

    def __init__(self, draws: int = DRAWS) -> None:
        """Sample so many hulls."""
        self._draws = draws

    def scores(self, candidates: LabelCandidates, seed: int) -> NDArray[np.float64]:
        """Chance x worth / cost."""
        energies = candidates.belief.draws(self._draws, seed)
        near = drawn_heights(candidates.traits.fractions, energies) <= NEAR_HULL
        chance: NDArray[np.float64] = near.mean(axis=0)
        # Among equal chances, most of which are none, the lower one in the mean comes first.
        heights = drawn_heights(candidates.traits.fractions, candidates.belief.mean[None])[0]
        tie = np.exp(-heights) / (2 * self._draws)
        return (chance + tie) * candidates.worth / candidates.cost
