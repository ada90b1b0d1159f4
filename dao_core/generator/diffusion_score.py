"""The normal distribution wrapped onto the circle of fractional coordinates."""

from __future__ import annotations

import torch
from torch import Tensor

_IMAGES = 10
"""Periods summed on either side, as published; at sigma = 0.5 the next one weighs e^-200."""


def negative_score(displacement: Tensor, sigma: Tensor) -> Tensor:
    """``-d log p / dx`` of a normal of width ``sigma`` wrapped with period 1.

    Images are weighed by a softmax, so that no displacement, however unlikely, divides 0 by 0.

    Args:
        displacement: fractional, any shape, any period.
        sigma: broadcastable to it, in fractions of the cell, positive.
    """
    images = torch.arange(-_IMAGES, _IMAGES + 1, device=displacement.device)
    shifted = (displacement - displacement.round())[..., None] + images
    variance = sigma.square()[..., None]
    weights = torch.softmax(-shifted.square() / (2 * variance), dim=-1)
    return (weights * shifted / variance).sum(dim=-1)
