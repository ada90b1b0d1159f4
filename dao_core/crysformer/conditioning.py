"""Time as features, and layers that are scaled by it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def time_features(t: Tensor, size: int, periods: float = 1000.0) -> Tensor:
    """Sinusoids of ``t`` in [0, 1], ``[B]`` to ``[B, size]``."""
    half = size // 2
    rates = torch.exp(
        -math.log(10_000.0) * torch.arange(half, device=t.device, dtype=t.dtype) / (half - 1)
    )
    phase = periods * t[:, None] * rates
    return torch.cat([phase.sin(), phase.cos()], dim=-1)


class AdaptiveNorm(nn.Module):
    """LayerNorm whose scale, shift and output gate come from a condition vector.

    The gate starts at zero, so each block begins as the identity (Peebles and Xie, ICCV 2023,
    "adaLN-Zero").
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        linear = nn.Linear(width, 3 * width)
        nn.init.zeros_(linear.weight)
        nn.init.zeros_(linear.bias)
        self.modulation = nn.Sequential(nn.SiLU(), linear)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised, modulated ``x`` ``[B, N, H]`` and the gate ``[B, 1, H]``."""
        scale, shift, gate = self.modulation(condition)[:, None, :].chunk(3, dim=-1)
        return self.norm(x) * (1 + scale) + shift, gate
