"""Settings of the training of the physical DAO-P."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dao_core.training.run import RunSettings


@dataclass(frozen=True)
class PredictorTraining(RunSettings):
    """Settings of one training run; see also :class:`dao_core.training.run.RunSettings`.

    Attributes:
        size: named configuration of :mod:`dao_core.predictor.config`.
        energy_weight: of the energy loss (eV/atom).
        force_weight: of the force loss (eV/angstrom).
        stress_weight: of the stress loss (eV/angstrom^3).
        max_atoms: larger crystals with formation energies are left out.
    """

    final_rate: ClassVar[float] = 0.01
    gradient_clip: ClassVar[float] = 5.0
    unused_parameters: ClassVar[bool] = True  # the heads' doubt is fitted after the training

    size: str = "mini-physical"
    steps: int = 30_000
    atoms_per_batch: int = 256
    learning_rate: float = 2e-3
    warmup: int = 500
    weight_decay: float = 1e-3
    energy_weight: float = 4.0
    force_weight: float = 1.0
    stress_weight: float = 5.0
    max_atoms: int = 40
