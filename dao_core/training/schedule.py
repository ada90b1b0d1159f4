"""The learning rate of every training: linear warm-up, constant, linear to its end."""

from __future__ import annotations

DECAY_SHARE = 0.4
"""Share of the run over which the rate falls. What comes before does not depend on the length of
the run, so that a run can be made longer while it goes on."""


def rate_factor(step: int, progress: float, warmup: int, final_rate: float = 0.0) -> float:
    """Learning rate over its peak.

    Constant and then falling (Haegele et al., NeurIPS 2024) ends where a cosine does, and a run
    whose length is changed need not begin anew.

    Args:
        step: optimiser steps that were taken.
        progress: share of the run that is over.
        warmup: steps of linear warm-up.
        final_rate: what it falls to.
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    fall = min(1.0, max(0.0, 1 - progress) / DECAY_SHARE)
    return rise * (final_rate + (1 - final_rate) * fall)
