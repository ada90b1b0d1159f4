"""Fit the hyperparameters of the residual model by evidence over simulated systems.

    python benchmarks/loop_evidence.py POOL... --records FILE... --systems F-Fe-O Ca-S-Sn ...

What it prints is ``dao_core/learning/hyperparameters.json``. The sum of log marginal likelihoods,
each of all labels of one system against a judge with DAO-P beside it (Rasmussen and Williams,
chapter 5). No pool that judges a rule may be among them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from loop_pool_file import Pool, read_pool
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor

from dao_core.learning.kernel import Hyperparameters, kernel_of
from dao_core.learning.residual import expected_formation, own_errors
from dao_core.potentials import load_potential

START = Hyperparameters(0.08, 0.05, 0.25, 0.05, 0.5, 1.0, 0.2, 0.1, 0.3, 0.3)
"""Also what is thought before: each within a factor of e, so that none vanishes or runs away."""
MOST_ATOMS = 28
NEAR = 0.3
"""eV/atom: residuals beyond are no business of a Gaussian and are left out."""


def evidence(values: Hyperparameters, pool: Pool) -> float:
    """Log marginal likelihood of the residuals of a pool."""
    traits = pool.traits
    kernel = kernel_of(values, traits.fractions.shape[1], traits.features.shape[1])
    own = own_errors(traits, values)
    process = GaussianProcessRegressor(kernel, alpha=own**2, optimizer=None)
    process.fit(traits.columns, pool.truth - expected_formation(traits, values))
    return float(process.log_marginal_likelihood_value_)


def fitted(pools: Sequence[Pool]) -> Hyperparameters:
    """The most probable hyperparameters, given all pools."""

    def improbable(logarithms: NDArray[np.float64]) -> float:
        values = Hyperparameters.from_array(logarithms)
        prior = np.square(logarithms - START.as_array()).sum() / 2
        return float(prior) - sum(evidence(values, pool) for pool in pools)

    found = minimize(
        improbable,
        START.as_array(),
        method="L-BFGS-B",
        options={"maxiter": 40},
    )
    return Hyperparameters.from_array(found.x)


def _usual(pool: Pool) -> Pool:
    residual = pool.truth - pool.traits.formation
    return pool.select(np.flatnonzero(np.abs(residual - np.median(residual)) < NEAR))


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pools", nargs="*", type=Path, help="each of one system")
    parser.add_argument("--records", nargs="*", type=Path, default=[], help="of many systems")
    parser.add_argument("--systems", nargs="*", default=[], help="to be cut out of --records")
    parser.add_argument("--judge", default="sevennet-0")
    options = parser.parse_args()
    judge = load_potential(options.judge)
    pools = [read_pool([file], None, MOST_ATOMS) for file in options.pools]
    pools += [read_pool(options.records, system, MOST_ATOMS) for system in options.systems]
    fits = fitted([_usual(pool.judged_by(judge)) for pool in pools])
    values = {name: round(value, 4) for name, value in asdict(fits).items()}
    systems = [file.name.removesuffix(".json.gz") for file in options.pools] + options.systems
    print(json.dumps({"systems": systems, "values": values}, indent=1))


if __name__ == "__main__":
    main()
