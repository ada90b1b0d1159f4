"""The covariance of what a surrogate gets wrong within one chemical system.

scikit-learn has exact Gaussian processes with joint posteriors on NumPy alone. Hundreds of labels
need no more: GPyTorch and BoTorch bring gradients and approximations for thousands.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import RBF, DotProduct, Kernel, Matern

Array = NDArray[np.float64]
SHIPPED = Path(__file__).with_name("hyperparameters.json")


@dataclass(frozen=True)
class Hyperparameters:
    """Strengths (eV/atom) and lengths of the kernel.

    Attributes:
        shift: of an error linear in the atomic fractions.
        composition: of an error smooth in composition.
        composition_length: in atomic fractions.
        crystal: of an error smooth in the surrogate's pooled features.
        crystal_length: in units of :func:`dao_core.learning.traits.centred`.
        doubt: of each crystal's own error, in units of the surrogate's doubt.
        height: of each crystal's own error, per eV/atom above the surrogate's hull: what lies high
            is strange to a surrogate, and falls further when it is relaxed.
        dispute: of each crystal's own error, per eV/atom between two surrogates.
        second: share of a dispute in which the second surrogate is expected to be right.
        second_spread: by how much that share may differ in a system, which labels then show.
    """

    shift: float
    composition: float
    composition_length: float
    crystal: float
    crystal_length: float
    doubt: float
    height: float
    dispute: float
    second: float
    second_spread: float

    @classmethod
    def shipped(cls) -> Hyperparameters:
        """Those fitted by ``benchmarks/loop_evidence.py`` over simulated systems."""
        return cls(**json.loads(SHIPPED.read_text(encoding="utf-8"))["values"])

    def as_array(self) -> Array:
        """Their logarithms, in which they are fitted."""
        return np.log(list(asdict(self).values()))

    @classmethod
    def from_array(cls, logarithms: Array) -> Hyperparameters:
        """Back from logarithms."""
        return cls(*np.exp(logarithms).tolist())


class LinearPart(DotProduct):
    """Dot product of some columns alone: an error that is linear in them."""

    def __init__(self, first: int = 0, last: int = 1) -> None:
        super().__init__(sigma_0=1e-9, sigma_0_bounds="fixed")
        self.first, self.last = first, last

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Array:
        """Covariances of the rows of ``X`` with those of ``Y``."""
        other = None if Y is None else Y[:, self.first : self.last]
        covariance: Array = super().__call__(X[:, self.first : self.last], other, eval_gradient)
        return covariance

    def diag(self, X: Array) -> Array:
        """Variances of the rows of ``X``."""
        variances: Array = super().diag(X[:, self.first : self.last])
        return variances


def kernel_of(values: Hyperparameters, elements: int, features: int) -> Kernel:
    """The kernel over :attr:`dao_core.learning.traits.Traits.columns`.

    A length of infinity hides a column from a kernel.
    """
    of_composition = [values.composition_length] * elements + [np.inf] * (features + 1)
    of_crystal = [np.inf] * elements + [values.crystal_length] * features + [np.inf]
    fixed = {"length_scale_bounds": "fixed"}
    kernel = values.shift**2 * LinearPart(0, elements)
    kernel = kernel + values.composition**2 * RBF(of_composition, **fixed)
    if features:
        kernel = kernel + values.crystal**2 * Matern(of_crystal, nu=2.5, **fixed)
    last = elements + features
    return kernel + values.second_spread**2 * LinearPart(last, last + 1)
