"""Chemical systems made of numbers: crystals with traits, and energies drawn from the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dao_core.learning.kernel import Hyperparameters, kernel_of
from dao_core.learning.residual import Labels, own_errors
from dao_core.learning.traits import Traits, centred

VALUES = Hyperparameters(0.06, 0.04, 0.3, 0.04, 0.7, 1.0, 0.1, 0.3, 0.3, 0.2)


def traits(number: int, seed: int = 0, elements: int = 2) -> Traits:
    """Crystals of random compositions in one system, all below the elements."""
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, 5, size=(number, elements)).astype(float)
    fractions = parts / parts.sum(axis=1, keepdims=True)
    formation = -2 * (fractions[:, 0] * fractions[:, 1]) + rng.normal(0, 0.05, number)
    return Traits(
        fractions, centred(rng.normal(size=(number, 4))), formation, np.full(number, 0.03)
    )


def truth(seen: Traits, seed: int) -> NDArray[np.float64]:
    """Energies whose errors have the covariance that the model assumes."""
    rng = np.random.default_rng(seed)
    kernel = kernel_of(VALUES, seen.fractions.shape[1], seen.features.shape[1])
    covariance = kernel(seen.columns) + np.diag(own_errors(seen, VALUES) ** 2)
    return (
        seen.formation
        + VALUES.second * seen.dispute
        + rng.multivariate_normal(np.zeros(len(seen)), covariance)
    )


def labels(rows: list[int], energies: NDArray[np.float64]) -> Labels:
    """Relaxed labels of some crystals."""
    return Labels(np.array(rows, dtype=int), energies[rows], np.zeros(len(rows)))
