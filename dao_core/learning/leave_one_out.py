"""What each label would have been predicted to be from all others, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEARNED_SCALES = (0.06, 0.25, 0.5, 0.71, 1.0, 1.41, 2.0)
"""By which the amplitude of the kernel may be changed; the first is next to nothing."""
OWN_SCALES = (1.0, 1.41, 2.0, 2.8)
"""By which the independent part may be changed: a few labels may say that it is larger
than in other systems, not that it is smaller."""
SPREAD_OF_SCALES = 0.5
"""Standard deviation of the logarithm of either scale before any label is seen."""


@dataclass(frozen=True)
class LeftOut:
    """Predictions of labels, each from the others.

    Attributes:
        error: ``[n]`` label minus prediction, eV/atom.
        std: ``[n]`` standard deviation of the prediction, eV/atom.
    """

    error: Array
    std: Array

    @property
    def log_density(self) -> float:
        """Logarithm of the probability density of all labels, each given the others."""
        z = self.error / self.std
        return float(-(0.5 * z**2 + np.log(self.std)).sum() - 0.5 * len(z) * np.log(2 * np.pi))


class LeaveOneOut:
    """Leave-one-out predictions at every scale of the covariance, from one decomposition.

    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations 5.10-5.12.
    The covariance is ``a^2 K + b^2 D`` with diagonal ``D``; with the eigenvectors of
    ``D^-1/2 K D^-1/2`` its inverse is known for all ``a`` and ``b``.
    """

    def __init__(self, covariance: Array, own: Array, labels: Array) -> None:
        """Decompose.

        Args:
            covariance: ``[n, n]`` of the learned part, (eV/atom)^2.
            own: ``[n]`` standard deviations of the independent part, eV/atom.
            labels: ``[n]`` residuals, eV/atom.
        """
        self._own = own
        self._values, self._vectors = np.linalg.eigh(covariance / np.outer(own, own))
        self._turned = self._vectors.T @ (labels / own)
        self._squares = self._vectors**2

    def at(self, learned: float = 1.0, own: float = 1.0) -> LeftOut:
        """Predictions with both parts scaled."""
        inverse = 1 / (learned**2 * np.clip(self._values, 0, None) + own**2)
        diagonal = (self._squares @ inverse) / self._own**2
        solved = (self._vectors @ (inverse * self._turned)) / self._own
        return LeftOut(solved / diagonal, np.sqrt(1 / diagonal))

    @cached_property
    def best_scales(self) -> tuple[float, float]:
        """The most probable scales of the learned and of the independent part.

        Where the learned part predicts no label from the others, its scale is small. Few labels
        leave both near 1.
        """

        def posterior(scales: tuple[float, float]) -> float:
            doubt_of_both = (np.log(scales) ** 2).sum() / (2 * SPREAD_OF_SCALES**2)
            return self.at(*scales).log_density - float(doubt_of_both)

        return max(((a, b) for a in LEARNED_SCALES for b in OWN_SCALES), key=posterior)
