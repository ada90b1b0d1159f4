"""Settings of the training of the physical DAO-P."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PredictorTraining:
    """Settings of one training run.

    Attributes:
        size: named configuration of :mod:`dao_core.predictor.config`.
        steps: optimiser steps.
        atoms_per_batch: padded atoms per batch and process.
        learning_rate: peak of the cosine schedule.
        warmup: steps of linear warm-up.
        weight_decay: AdamW decay.
        ema_decay: decay of the averaged weights, which are the ones that ship.
        energy_weight: of the energy loss (eV/atom).
        force_weight: of the force loss (eV/angstrom).
        stress_weight: of the stress loss (eV/angstrom^3).
        max_atoms: larger crystals with formation energies are left out.
        seed: of initial weights and order.
        checkpoint_minutes: a run that is killed loses at most this much.
    """

    size: str = "mini-physical"
    steps: int = 30_000
    atoms_per_batch: int = 256
    learning_rate: float = 2e-3
    warmup: int = 500
    weight_decay: float = 1e-3
    ema_decay: float = 0.999
    energy_weight: float = 4.0
    force_weight: float = 1.0
    stress_weight: float = 5.0
    max_atoms: int = 40
    seed: int = 0
    checkpoint_minutes: float = 4.0
