"""How good a predictor is: errors on clean crystals, on teacher labels, and of its own doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from dao_core.predictor.potential import PredictorPotential
from dao_core.training.predictor_labels import FORMATION_ENERGY, LabelSet
from dao_core.training.records import Crystal
from dao_core.training.size_batches import SizeBatchSampler, collate

ATOMS_PER_BATCH = 1024
NEAR_EQUILIBRIUM = 3.0
"""eV/angstrom; labels whose largest force component is below it are also reported on their own."""


def formation_energy_figures(
    potential: PredictorPotential, crystals: Sequence[Crystal]
) -> dict[str, float]:
    """Errors of the formation energy (eV/atom) on clean crystals with that label.

    Returns:
        ``crystals``, ``mae``, ``rmse``, ``bias``, and ``spearman`` within the formulas that have
        at least two entries (mean over formulas) with their number ``polymorph_formulas``.
    """
    predicted = np.zeros(len(crystals))
    sizes = [len(crystal.atomic_numbers) for crystal in crystals]
    for indices in SizeBatchSampler(sizes, ATOMS_PER_BATCH, seed=0):
        batch = collate([crystals[i] for i in indices])
        predicted[indices] = potential.formation_energy_per_atom(batch).numpy()
    wanted = np.array([crystal.labels[FORMATION_ENERGY] for crystal in crystals])
    error = predicted - wanted
    ranks = _rank_correlations(crystals, predicted, wanted)
    return {
        "crystals": len(crystals),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "spearman": float(np.mean(ranks)) if ranks else float("nan"),
        "polymorph_formulas": len(ranks),
    }


def label_figures(potential: PredictorPotential, labels: LabelSet) -> dict[str, float]:
    """Errors on teacher labels, and how well the model knows them.

    Returns:
        ``structures``; mean absolute errors ``energy`` (eV/atom), ``forces`` (eV/angstrom),
        ``stress`` (eV/angstrom^3); ``energy_near`` and ``forces_near`` of the structures whose
        forces stay below :data:`NEAR_EQUILIBRIUM`; ``within_std`` and ``within_two_std``, the
        shares of energies that close to the label; ``std_spearman`` of uncertainty against error.
    """
    rows = [_errors(potential, labels, i) for i in SizeBatchSampler(*_sampling(labels))]
    energy, spread, largest = (np.concatenate([row[k] for row in rows]) for k in (0, 1, 2))
    forces, stress = (np.concatenate([row[k] for row in rows]) for k in (3, 4))
    near = largest < NEAR_EQUILIBRIUM
    return {
        "structures": len(energy),
        "energy": float(energy.mean()),
        "forces": float(forces.mean()),
        "stress": float(stress.mean()),
        "structures_near": int(near.sum()),
        "energy_near": float(energy[near].mean()),
        "forces_near": float(forces[near].mean()),
        "within_std": float((energy < spread).mean()),
        "within_two_std": float((energy < 2 * spread).mean()),
        "std_spearman": float(spearmanr(spread, energy).statistic),
    }


def _sampling(labels: LabelSet) -> tuple[list[int], int, int]:
    return labels.arrays["natoms"].tolist(), ATOMS_PER_BATCH, 0


def _errors(
    potential: PredictorPotential, labels: LabelSet, indices: list[int]
) -> tuple[NDArray[Any], ...]:
    """Per structure: energy error, uncertainty, largest force, mean force and stress errors."""
    batch = labels.collate(indices)
    evaluation = potential.evaluate(batch.crystals)
    natoms = batch.crystals.natoms
    member_spread = evaluation.energy_std
    if member_spread is None:
        member_spread = torch.zeros(len(indices))
    return (
        ((evaluation.energy - batch.energy) / natoms).abs().numpy(),
        member_spread.numpy(),
        batch.forces.abs().amax((1, 2)).numpy(),
        ((evaluation.forces - batch.forces).abs().sum((1, 2)) / (3 * natoms)).numpy(),
        (evaluation.stress - batch.stress).abs().mean((1, 2)).numpy(),
    )


def _rank_correlations(
    crystals: Sequence[Crystal], predicted: NDArray[np.float64], wanted: NDArray[np.float64]
) -> list[float]:
    polymorphs = defaultdict(list)
    for row, crystal in enumerate(crystals):
        numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
        formula = (*numbers.tolist(), *(counts // np.gcd.reduce(counts)).tolist())
        polymorphs[formula].append(row)
    ranks = [
        float(spearmanr(predicted[rows], wanted[rows]).statistic)
        for rows in polymorphs.values()
        if len(rows) > 1 and np.ptp(wanted[rows]) > 0 and np.ptp(predicted[rows]) > 0
    ]
    return [rank for rank in ranks if np.isfinite(rank)]
