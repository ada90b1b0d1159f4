"""Settings of one round of retraining."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Retraining:
    """Settings of the fine-tuning of one model.

    Attributes:
        steps: optimiser steps.
        atoms_per_batch: padded atoms per batch.
        learning_rate: peak of the schedule.
        anchor: strength of the pull to the previous weights.
        replay: replayed crystals for each new one; DAO-P replays a hundred at least, unless 0.
        seed: of order and noise.
    """

    steps: int = 400
    atoms_per_batch: int = 256
    learning_rate: float = 3e-4
    anchor: float = 0.1
    replay: float = 1.0
    seed: int = 0

    @property
    def warmup(self) -> int:
        """Steps of linear warm-up."""
        return max(1, self.steps // 20)

    @property
    def ema_decay(self) -> float:
        """Decay of the averaged weights, which remember a fifth of the run."""
        return max(0.0, 1.0 - 5.0 / self.steps)


PREDICTOR_RETRAINING = Retraining()
GENERATOR_RETRAINING = Retraining(steps=300, atoms_per_batch=1024, learning_rate=1e-4)
