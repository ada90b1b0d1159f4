"""The fused layer equals attention over explicit edge features."""

from __future__ import annotations

import torch
from torch import Tensor

from dao_core.crysformer.fused_attention import FusedAttention, fourier_features


def attention_over_edges(
    layer: FusedAttention, x: Tensor, frac_coords: Tensor, bias: Tensor, frequencies: int
) -> Tensor:
    """The definition: keys and values plus a linear map of the Fourier features of x_j - x_i."""
    size, n, _ = x.shape
    q, k, v = layer.to_qkv(x).view(size, n, 3, layer.heads, layer.head_width).unbind(dim=2)
    difference = frac_coords[:, None] - frac_coords[:, :, None]
    orders = torch.arange(1, frequencies + 1, dtype=x.dtype)
    phase = (2 * torch.pi * difference[..., None] * orders).flatten(-2)
    edges = torch.cat([phase.sin(), phase.cos()], dim=-1)
    mapped = torch.einsum("bijf,hdf->bijhd", edges, layer.edge_weight)
    logits = torch.einsum("bihd,bijhd->bihj", q, k[:, None] + mapped)
    weights = (logits / layer.head_width**0.5 + bias).softmax(dim=-1)
    out = torch.einsum("bihj,bijhd->bihd", weights, v[:, None] + mapped)
    return layer.to_out(out.reshape(size, n, -1))


def test_equals_attention_over_explicit_edges_in_value_and_gradient() -> None:
    torch.manual_seed(0)
    layer = FusedAttention(width=16, heads=4, frequencies=3).double()
    x = torch.randn(2, 5, 16, dtype=torch.float64)
    frac_coords = torch.rand(2, 5, 3, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, 5, 4, 5, dtype=torch.float64)
    fused = layer(x, fourier_features(frac_coords, 3), bias)
    explicit = attention_over_edges(layer, x, frac_coords, bias, 3)
    torch.testing.assert_close(fused, explicit, rtol=1e-10, atol=1e-12)
    weight = torch.randn_like(fused)
    (ours,) = torch.autograd.grad((fused * weight).sum(), frac_coords)
    (theirs,) = torch.autograd.grad((explicit * weight).sum(), frac_coords)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


def test_a_masked_key_has_no_influence() -> None:
    torch.manual_seed(0)
    layer = FusedAttention(width=8, heads=2, frequencies=2)
    x, frac_coords = torch.randn(1, 4, 8), torch.rand(1, 4, 3)
    bias = torch.zeros(1, 4, 2, 4)
    bias[..., 3] = -torch.inf
    before = layer(x, fourier_features(frac_coords, 2), bias)[:, :3]
    x[:, 3], frac_coords[:, 3] = 7.0, 0.123
    after = layer(x, fourier_features(frac_coords, 2), bias)[:, :3]
    torch.testing.assert_close(before, after)
