"""The published transformer block: pre-norm attention and feed-forward, gated residuals."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dao_core.crysformer.published.attention import PublishedAttention
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.pair_phases import PairPhases


class GatedResidual(nn.Module):
    """``g x + (1 - g) r`` with one gate per atom, ``g = sigmoid(w . [x; r; x - r])``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate = nn.Linear(3 * width, 1, bias=False)

    def forward(self, x: Tensor, update: Tensor) -> Tensor:
        """Mix ``x`` and ``update`` ``[B, N, H]``; the concatenation is folded into the weight."""
        on_x, on_update, on_difference = self.gate.weight.view(3, -1)
        logit = x @ (on_x + on_difference) + update @ (on_update - on_difference)
        return torch.lerp(update, x, logit.sigmoid()[..., None].to(x.dtype))


class PublishedBlock(nn.Module):
    """Attention, then a feed-forward layer of four times the width."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        width = config.width
        self.attention_norm = nn.LayerNorm(width)
        self.attention = PublishedAttention(config)
        self.attention_residual = GatedResidual(width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.feed_forward_residual = GatedResidual(width)

    def forward(self, x: Tensor, pairs: PairPhases, padding: Tensor | None) -> Tensor:
        """``[B, N, H]`` to ``[B, N, H]``; arguments as for :class:`PublishedAttention`."""
        x = self.attention_residual(x, self.attention(self.attention_norm(x), pairs, padding))
        mixed: Tensor = self.feed_forward_residual(x, self.feed_forward(self.feed_forward_norm(x)))
        return mixed
