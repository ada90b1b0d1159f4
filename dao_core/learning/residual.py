"""What labels say of the energies that have none: a Gaussian process on a surrogate's errors."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessRegressor

from dao_core.errors import InputError
from dao_core.learning.kernel import Hyperparameters, kernel_of
from dao_core.learning.leave_one_out import LeaveOneOut
from dao_core.learning.traits import LEAST_DOUBT, Traits

Array = NDArray[np.float64]
Rows = NDArray[np.int_]

SURPRISE = 5.0
"""Standard deviations from what all other labels say beyond which a label is set aside ..."""
LARGE = 0.3
"""... if it is also so many eV/atom away: what a surrogate may well be wrong by is no outlier."""
JITTER = 1e-10
"""(eV/atom)^2 on the diagonal of covariances that are decomposed."""


@dataclass(frozen=True)
class Labels:
    """Formation energies that were computed at the level to be learned.

    Attributes:
        rows: ``[n]`` positions among the crystals.
        formation: ``[n]`` eV/atom.
        error: ``[n]`` standard deviation, eV/atom: 0 for a relaxed energy, more for what was
            inferred from a static one.
    """

    rows: Rows
    formation: Array
    error: Array

    @classmethod
    def none(cls) -> Labels:
        """No labels."""
        return cls(np.empty(0, dtype=int), np.empty(0), np.empty(0))

    def distinct(self) -> Labels:
        """One label for each crystal: the most exact one, of these the lowest."""
        order = np.lexsort((self.formation, self.error, self.rows))
        first = np.unique(self.rows[order], return_index=True)[1]
        kept = order[first]
        return Labels(self.rows[kept], self.formation[kept], self.error[kept])


@dataclass(frozen=True)
class Belief:
    """What is believed of all crystals after some labels.

    Attributes:
        mean: ``[N]`` formation energies at the level of the labels, eV/atom.
        covariance: ``[N, N]`` (eV/atom)^2; zero for what is exactly known.
        labelled: ``[N]`` whether a crystal has a relaxed label that is believed.
        outliers: positions whose label was set aside, because all others contradict it.
        scales: of the learned and of the independent part, as leave-one-out chose them.
    """

    mean: Array
    covariance: Array
    labelled: NDArray[np.bool_]
    outliers: tuple[int, ...] = ()
    scales: tuple[float, float] = (1.0, 1.0)

    @property
    def std(self) -> Array:
        """Standard deviations, ``[N]`` eV/atom."""
        return np.sqrt(np.clip(np.diag(self.covariance), 0, None))

    def interval(self, share: float) -> tuple[Array, Array]:
        """Lower and upper ends of the central interval that holds ``share``, ``[N]`` eV/atom."""
        reach = NormalDist().inv_cdf(0.5 + share / 2) * self.std
        return self.mean - reach, self.mean + reach

    def draws(self, number: int, seed: int) -> Array:
        """Joint draws of all formation energies, ``[number, N]`` eV/atom; labels are in each."""
        unknown = np.flatnonzero(np.diag(self.covariance) > 0)
        part = self.covariance[np.ix_(unknown, unknown)]
        root = np.linalg.cholesky(part + JITTER * np.eye(len(unknown)))
        noise = np.random.default_rng(seed).standard_normal((number, len(unknown)))
        energies = np.tile(self.mean, (number, 1))
        energies[:, unknown] += noise @ root.T
        return energies


def believe(
    traits: Traits, labels: Labels, values: Hyperparameters | None = None, *, learn: bool = True
) -> Belief:
    """Correct a surrogate's formation energies by labels.

    The residuals of labels against the surrogate are a Gaussian process: a shift for each element,
    a part smooth in composition, one smooth in the surrogate's features, a share of what a second
    surrogate says otherwise, and an independent part of the size of its doubt. Their scales follow
    from leave-one-out on the labels. A label that all others contradict is set aside and reported.

    Args:
        traits: all crystals, labelled or not.
        labels: of some of them, at one level.
        values: hyperparameters, by default the shipped ones.
        learn: whether labels change what is believed of other crystals.

    Raises:
        InputError: a label is not a finite number or belongs to no crystal.
    """
    values = values or Hyperparameters.shipped()
    _check(traits, labels)
    labels = labels.distinct()
    surrogate = expected_formation(traits, values)
    rows_of = traits.columns
    kernel = kernel_of(values, traits.fractions.shape[1], traits.features.shape[1])
    own = own_errors(traits, values)
    residual = labels.formation - surrogate[labels.rows]
    noise = np.hypot(own[labels.rows], labels.error)
    covariance = kernel(rows_of[labels.rows]) if len(labels.rows) else np.empty((0, 0))
    kept = _without_outliers(covariance, noise, residual)
    scales = (1.0, 1.0)
    if learn and kept.any():
        part = covariance[np.ix_(kept, kept)]
        scales = LeaveOneOut(part, noise[kept], residual[kept]).best_scales
    process = GaussianProcessRegressor(
        scales[0] ** 2 * kernel, alpha=(scales[1] * noise[kept]) ** 2, optimizer=None
    )
    if learn and kept.any():
        process.fit(rows_of[labels.rows[kept]], residual[kept])
    correction, posterior = process.predict(rows_of, return_cov=True)
    posterior = posterior + np.diag((scales[1] * own) ** 2)
    return _with_labels(surrogate + correction, posterior, labels, kept, scales)


def expected_formation(traits: Traits, values: Hyperparameters) -> Array:
    """What both surrogates together say before there is a label, ``[N]`` eV/atom."""
    return traits.formation + values.second * traits.dispute


def own_errors(traits: Traits, values: Hyperparameters) -> Array:
    """Standard deviation of what nothing but its own label says of a crystal, ``[N]`` eV/atom."""
    own = np.hypot(values.doubt * traits.doubt, values.height * traits.height)
    own = np.hypot(own, values.dispute * traits.dispute)
    return np.maximum(own, LEAST_DOUBT)


def _check(traits: Traits, labels: Labels) -> None:
    if not np.isfinite(labels.formation).all():
        raise InputError("a label has no finite formation energy; leave it out")
    if len(labels.rows) and not (labels.rows.min() >= 0 and labels.rows.max() < len(traits)):
        raise InputError(f"a label belongs to none of the {len(traits)} crystals")


def _without_outliers(covariance: Array, noise: Array, residual: Array) -> NDArray[np.bool_]:
    """Which labels are believed: the most surprising one is taken away until none surprises."""
    kept = np.ones(len(residual), dtype=bool)
    while kept.any():
        rows = np.flatnonzero(kept)
        left = LeaveOneOut(covariance[np.ix_(rows, rows)], noise[rows], residual[rows]).at()
        surprise = np.where(np.abs(left.error) > LARGE, np.abs(left.error) / left.std, 0.0)
        if surprise.max() <= SURPRISE:
            break
        kept[rows[surprise.argmax()]] = False
    return kept


def _with_labels(
    mean: Array,
    covariance: Array,
    labels: Labels,
    kept: NDArray[np.bool_],
    scales: tuple[float, float],
) -> Belief:
    """Put what was computed in the place of what was predicted."""
    rows = labels.rows[kept]
    mean, covariance = mean.copy(), covariance.copy()
    mean[rows] = labels.formation[kept]
    covariance[rows, :] = 0.0
    covariance[:, rows] = 0.0
    covariance[rows, rows] = labels.error[kept] ** 2
    labelled = np.zeros(len(mean), dtype=bool)
    labelled[rows] = labels.error[kept] == 0
    outliers = tuple(int(row) for row in labels.rows[~kept])
    return Belief(mean, covariance, labelled, outliers, scales)
