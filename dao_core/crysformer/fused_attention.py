"""Attention over atom pairs with Fourier features of coordinate differences, without edge tensors.

The edge term of the published layer, without its LayerNorm, is bilinear in per-atom features:
with S = sin(2 pi m x), C = cos(2 pi m x),

    sin(2 pi m (x_j - x_i)) = S_j C_i - C_j S_i,   cos(...) = C_j C_i + S_j S_i,

so that a linear map of the difference's Fourier features needs no pair tensor: its part of the
logits is one product of rotated queries with the keys' (S, C), and its part of the output one
product of the weights with (S, C), rotated back (derivation: docs/method.md).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def fourier_features(frac_coords: Tensor, frequencies: int) -> tuple[Tensor, Tensor]:
    """Sin and cos of 2 pi m x for m = 1..F, each ``[B, N, 3F]``."""
    orders = torch.arange(1, frequencies + 1, device=frac_coords.device, dtype=frac_coords.dtype)
    phase = (2 * math.pi * frac_coords[..., None] * orders).flatten(-2)
    return phase.sin(), phase.cos()


class FusedAttention(nn.Module):
    """Multi-head attention whose keys and values carry the periodic difference of coordinates.

    For head h: ``logit_ij = q_i.(k_j + W e_ij) / sqrt(d) + bias_ij`` and
    ``out_i = sum_j a_ij (v_j + W e_ij)``, where e_ij holds the 6F Fourier features of
    ``x_j - x_i``. Cost is linear in 6F per atom; no ``[B, N, N, 6F]`` tensor exists.
    """

    def __init__(self, width: int, heads: int, frequencies: int) -> None:
        super().__init__()
        self.heads = heads
        self.head_width = width // heads
        self.to_qkv = nn.Linear(width, 3 * width)
        self.to_out = nn.Linear(width, width)
        bound = (6 * frequencies) ** -0.5
        self.edge_weight = nn.Parameter(
            torch.empty(heads, self.head_width, 6 * frequencies).uniform_(-bound, bound)
        )

    def forward(self, x: Tensor, fourier: tuple[Tensor, Tensor], bias: Tensor) -> Tensor:
        """Attend.

        Args:
            x: atoms, ``[B, N, H]``.
            fourier: from :func:`fourier_features`, each ``[B, N, 3F]``.
            bias: added to the logits, ``[B, N, heads, N]`` (query, head, key); minus infinity
                where a key is padding.

        Returns:
            ``[B, N, H]``.
        """
        size, n, width = x.shape
        q, k, v = self.to_qkv(x).view(size, n, 3, self.heads, self.head_width).unbind(dim=2)
        pairs = (size, n * self.heads, -1)
        sin, cos = (part.to(q.dtype) for part in fourier)
        features = torch.cat([sin, cos], dim=-1)
        sin, cos = sin[:, :, None], cos[:, :, None]
        weight = self.edge_weight.to(q.dtype)
        along_sin, along_cos = torch.einsum("bnhd,hdf->bnhf", q, weight).chunk(2, dim=-1)
        rotated = torch.cat(
            [along_sin * cos + along_cos * sin, along_cos * cos - along_sin * sin], dim=-1
        )
        logits = torch.einsum("bihd,bjhd->bihj", q, k)
        logits = logits + (rotated.reshape(pairs) @ features.transpose(1, 2)).view_as(logits)
        weights = (logits * self.head_width**-0.5 + bias).softmax(dim=-1).to(q.dtype)
        sum_sin, sum_cos = (
            (weights.reshape(pairs) @ features).view(size, n, self.heads, -1).chunk(2, dim=-1)
        )
        back = torch.cat([sum_sin * cos - sum_cos * sin, sum_cos * cos + sum_sin * sin], dim=-1)
        mixed = torch.einsum("bihj,bjhd->bihd", weights, v)
        mixed = mixed + torch.einsum("bnhf,hdf->bnhd", back, weight)
        result: Tensor = self.to_out(mixed.reshape(size, n, width))
        return result
