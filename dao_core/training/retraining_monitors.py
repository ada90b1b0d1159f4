"""What is watched in every round, because closed loops fail there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.training.retraining_data import energies_per_atom, fractions
from dao_core.training.teacher_shards import LabelledStructure


@dataclass(frozen=True)
class Monitors:
    """The state of a loop after one round.

    Attributes:
        drift: mean of predicted minus labelled energy, eV/atom, the energies of the elements taken
            off: below zero where the model believes what DFT denies (surrogate exploitation).
        drift_spread: standard deviation of the same.
        unique: share of the candidates that are different crystals.
        shift: distance of the candidates' compositions and volumes from the training set's, in
            standard deviations of the training set.
        own: share of the training set that is the models' own output, unchecked.
    """

    drift: float | None
    drift_spread: float | None
    unique: float | None
    shift: float | None
    own: float | None


def drift(
    labels: Sequence[LabelledStructure], predicted: NDArray[np.float64], *, same_level: bool
) -> tuple[float, float] | None:
    """Mean and deviation of predicted minus labelled energies of compounds, eV/atom.

    The energies of the elements are taken off by what the pure elements show; without pure elements
    only energies of one level can be compared.

    Args:
        labels: DFT labels of selected candidates and of elements.
        predicted: ``[S]`` what the model says of them, eV/atom.
        same_level: whether the model was trained on labels of this level.

    Returns:
        None where there are fewer than two compounds, or nothing to compare them by.
    """
    known = np.isfinite(predicted)
    gap = (predicted - energies_per_atom(labels))[known]
    columns = fractions(labels)[known]
    pure = columns.max(axis=1) == 1.0
    covered = columns[pure].sum(axis=0) > 0
    usable = ~pure & (columns[:, ~covered].sum(axis=1) == 0)
    if same_level:
        usable = ~pure
    elif pure.any():
        gap = gap - columns @ np.linalg.lstsq(columns[pure], gap[pure])[0]
    if usable.sum() < 2:
        return None
    return float(gap[usable].mean()), float(gap[usable].std())


def unique_fraction(structure_ids: Sequence[str | None]) -> float | None:
    """Share of different crystals among those that are crystals."""
    known = [one for one in structure_ids if one]
    return len(set(known)) / len(known) if known else None


def distribution_shift(
    training: NDArray[np.float64], candidates: NDArray[np.float64]
) -> float | None:
    """Root mean square shift of the means of features, in standard deviations of the training set.

    Args:
        training: ``[S, F]`` features, for example atomic fractions and volume per atom.
        candidates: ``[C, F]`` the same of the candidates.
    """
    if not len(training) or not len(candidates):
        return None
    spread = training.std(axis=0)
    varied = spread > 1e-6
    if not varied.any():
        return 0.0 if np.allclose(training.mean(axis=0), candidates.mean(axis=0)) else float("inf")
    gap = (candidates.mean(axis=0) - training.mean(axis=0))[varied] / spread[varied]
    return float(np.sqrt(np.mean(gap**2)))


def own_share(classes: Sequence[str]) -> float | None:
    """Share of ``relaxed`` members of a training set: made and judged by the models alone."""
    return Counter(classes)["relaxed"] / len(classes) if classes else None


def features(structures: Sequence[Structure]) -> NDArray[np.float64]:
    """Volume per atom (cubic angstrom), atoms, mean and spread of the atomic numbers.

    Args:
        structures: n crystals.

    Returns:
        ``[n, 4]``.
    """
    rows = [
        (
            structure.volume / len(structure),
            len(structure),
            np.mean(structure.atomic_numbers),
            np.std(structure.atomic_numbers),
        )
        for structure in structures
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 4)
