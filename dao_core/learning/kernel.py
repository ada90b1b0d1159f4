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
    """

    shift: float
    composition: float
    composition_length: float
    crystal: float
    crystal_length: float
    doubt: float
    height: float

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


class ElementShift(DotProduct):
    """Dot product of the first columns alone: the atomic fractions."""

    def __init__(self, elements: int = 1) -> None:
        super().__init__(sigma_0=1e-9, sigma_0_bounds="fixed")
        self.elements = elements

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Array:
        """Covariances of the rows of ``X`` with those of ``Y``."""
        other = None if Y is None else Y[:, : self.elements]
        covariance: Array = super().__call__(X[:, : self.elements], other, eval_gradient)
        return covariance

    def diag(self, X: Array) -> Array:
        """Variances of the rows of ``X``."""
        variances: Array = super().diag(X[:, : self.elements])
        return variances


def kernel_of(values: Hyperparameters, elements: int, features: int) -> Kernel:
    """The kernel over rows of atomic fractions followed by features.

    A length of infinity hides a column from a kernel.
    """
    of_composition = [values.composition_length] * elements + [np.inf] * features
    of_crystal = [np.inf] * elements + [values.crystal_length] * features
    fixed = {"length_scale_bounds": "fixed"}
    kernel = values.shift**2 * ElementShift(elements)
    kernel = kernel + values.composition**2 * RBF(of_composition, **fixed)
    if features:
        kernel = kernel + values.crystal**2 * Matern(of_crystal, nu=2.5, **fixed)
    return kernel
