"""Averaged weights that forget where they started."""

from __future__ import annotations

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


def warm_decay(decay: float, updates: int) -> float:
    """``min(decay, (1 + t) / (10 + t))``, the decay of update ``t``.

    A fixed decay of 0.999 leaves 37 % of the initial weights in the average after 1,000 steps; with
    this one nothing of them is left (Tan and Le, EfficientNet, ICML 2019, and TensorFlow's
    ``ExponentialMovingAverage`` use the same).

    Args:
        decay: of a long run.
        updates: averages made before this one.
    """
    return min(decay, (1 + updates) / (10 + updates))


class WarmAveraging(WeightAveraging):
    """Exponential moving average of the weights, whose decay rises to ``decay``."""

    def __init__(self, decay: float) -> None:
        def average(averaged: Tensor, current: Tensor, updates: Tensor | int) -> Tensor:
            return averaged.lerp(current, 1 - warm_decay(decay, int(updates)))

        super().__init__(avg_fn=average)
