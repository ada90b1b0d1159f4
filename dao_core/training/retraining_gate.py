"""The gate: a model may serve if no figure on the fixed hold-out is worse by more than a margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.velocity import VelocityNetwork
from dao_core.predictor.potential import PredictorPotential
from dao_core.training.retraining_data import energies_per_atom, predictions, training_crystals
from dao_core.training.retraining_predictor import labels_on_scale
from dao_core.training.size_batches import collate
from dao_core.training.teacher_shards import LabelledStructure

MARGIN = 0.05
"""Of a figure, by which it may get worse on other systems. It is fixed: the noise of paired
differences, which stood here, let a worse model pass because its differences happened to scatter
(Fe-P, 72.4 -> 75.4 meV/atom), and rejected a better one."""
DRAWS = 4
"""Noise draws per crystal of the hold-out."""

Figures = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Comparison:
    """One figure on the hold-out before and after, lower is better.

    Attributes:
        figure: its name and unit.
        before: mean over the hold-out with the serving model.
        after: mean with the retrained one.
        margin: by how much it may get worse.
        n: crystals compared.
    """

    figure: str
    before: float
    after: float
    margin: float
    n: int

    @property
    def is_worse(self) -> bool:
        """Whether the figure got worse by more than its margin."""
        return not self.after - self.before <= self.margin


@dataclass(frozen=True)
class Verdict:
    """Whether a model may serve, and why."""

    accepted: bool
    reason: str
    comparisons: tuple[Comparison, ...]


def judge(before: Figures, after: Figures) -> Verdict:
    """Compare two models crystal by crystal on the same hold-out.

    Args:
        before: figure -> ``[S]`` of the serving model, lower is better, NaN where not known.
        after: the same of the retrained model.
    """
    comparisons = [_compare(name, before[name], after[name]) for name in before]
    comparisons = [one for one in comparisons if one.n]
    if not comparisons:
        return Verdict(accepted=False, reason="no figure could be compared", comparisons=())
    worse = [one for one in comparisons if one.is_worse]
    shown = worse or comparisons
    text = ", ".join(
        f"{one.figure} {one.before:.4g} -> {one.after:.4g} (margin {one.margin:.2g}, n {one.n})"
        for one in shown
    )
    reason = f"worse than allowed: {text}" if worse else f"nothing worse than allowed: {text}"
    return Verdict(not worse, reason, tuple(comparisons))


def _compare(figure: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Comparison:
    """A crystal that only the new model cannot evaluate counts as infinitely worse."""
    known = np.isfinite(before)
    first, second = before[known], after[known]
    n = len(first)
    if n == 0:
        return Comparison(figure, np.nan, np.nan, 0.0, 0)
    if not np.isfinite(second).all():
        return Comparison(figure, float(first.mean()), np.inf, 0.0, n)
    mean = float(first.mean())
    return Comparison(figure, mean, float(second.mean()), MARGIN * abs(mean), n)


def predictor_figures(
    potential: PredictorPotential, holdout: Sequence[LabelledStructure]
) -> dict[str, NDArray[np.float64]]:
    """Error of energy (eV/atom) and forces (eV/angstrom) of each crystal of the hold-out."""
    scaled = labels_on_scale(potential, holdout)
    found = predictions(potential, scaled)
    return {
        "energy error (eV/atom)": np.abs(found.energy - energies_per_atom(scaled)),
        "force error (eV/angstrom)": found.force_error,
    }


def generator_figures(
    network: VelocityNetwork, holdout: Sequence[Structure], max_atoms: int
) -> dict[str, NDArray[np.float64]]:
    """Losses of each crystal of the hold-out, the mean over noise that is always the same.

    Args:
        network: of the generator.
        holdout: known crystals.
        max_atoms: larger crystals are left out; the same for all models that are compared.
    """
    named = [(str(i), one) for i, one in enumerate(holdout)]
    crystals = training_crystals(named, max_atoms)
    network.eval()
    coordinates, lattice = np.zeros(len(crystals)), np.zeros(len(crystals))
    for row, crystal in enumerate(crystals):
        random = torch.Generator().manual_seed(row)
        batch = collate([crystal] * DRAWS)
        with torch.no_grad():
            loss = flow_matching_loss(network, batch, random)
        coordinates[row], lattice[row] = float(loss.coordinates), float(loss.lattice)
    return {"coordinate loss": coordinates, "lattice loss": lattice}
