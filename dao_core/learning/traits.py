"""What the residual model is told of each crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.learning.sampled_hulls import drawn_heights
from dao_core.predictor.potential import PredictorPotential

Array = NDArray[np.float64]
LEAST_DOUBT = 0.01
"""eV/atom; no surrogate knows an energy better than this, whatever it says of itself."""
MOST_DISPUTE = 0.3
"""eV/atom; of two surrogates that are further apart one is no judge of that crystal."""


@dataclass(frozen=True)
class Traits:
    """Some crystals of one chemical system as a surrogate sees them.

    Attributes:
        fractions: ``[N, E]`` atomic fractions.
        features: ``[N, H]`` pooled features, see :func:`centred`.
        formation: ``[N]`` formation energy by the surrogate against its own elements, eV/atom.
        doubt: ``[N]`` standard deviation that the surrogate gives itself, eV/atom.
        dispute: ``[N]`` by how much a second surrogate contradicts the first, eV/atom, see
            :func:`disputes`; zeros where there is one alone.
    """

    fractions: Array
    features: Array
    formation: Array
    doubt: Array
    dispute: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.dispute):
            object.__setattr__(self, "dispute", np.zeros(len(self.formation)))

    def __len__(self) -> int:
        return len(self.formation)

    @property
    def columns(self) -> Array:
        """What the kernel sees of each crystal, ``[N, E + H + 1]``."""
        return np.hstack([self.fractions, self.features, self.dispute[:, None]])

    @property
    def height(self) -> Array:
        """Height above the surrogate's hull, ``[N]`` eV/atom."""
        return drawn_heights(self.fractions, self.formation[None])[0]

    def select(self, rows: NDArray[np.int_] | NDArray[np.bool_]) -> Traits:
        """Some of the crystals."""
        return Traits(*(getattr(self, field.name)[rows] for field in fields(self)))


def pooled_features(structures: Sequence[Structure], predictor: PredictorPotential) -> Array:
    """DAO-P's atom features, mean and spread over the atoms of each crystal, ``[N, 2 H]``."""
    if not structures:
        return np.empty((0, 0))
    parts = [
        predictor.pooled_features(CrystalBatch.from_structures([structure]))
        for structure in structures
    ]
    return np.concatenate([part.numpy() for part in parts])


def disputes(fractions: Array, first: Array, second: Array) -> Array:
    """What a second surrogate says minus what the first says, ``[N]`` eV/atom.

    Elements of different energy shift all crystals linearly in composition. That is no dispute
    about crystals, and is taken out.

    Args:
        fractions: ``[N, E]`` atomic fractions.
        first: ``[N]`` energies per atom by the first.
        second: the same by the second; NaN where it has no answer, and there is no dispute.
    """
    known = np.isfinite(first) & np.isfinite(second)
    apart = np.zeros(len(first))
    if known.any():
        difference = (second - first)[known]
        shift = np.linalg.lstsq(fractions[known], difference, rcond=None)[0]
        apart[known] = np.clip(difference - fractions[known] @ shift, -MOST_DISPUTE, MOST_DISPUTE)
    return apart


def centred(features: Array) -> Array:
    """Features about their mean, scaled so that crystals lie 1 from it in the root mean square.

    So a length in feature space means the same in every chemical system.
    """
    moved = features - features.mean(axis=0, keepdims=True)
    scale = float(np.sqrt(np.square(moved).sum(axis=1).mean())) if len(moved) else 0.0
    return moved / scale if scale > 0 else moved
