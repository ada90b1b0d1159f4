"""The published attention layer: its weights, folded so that edges need no tensor of their own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.edge_attention import edge_attention
from dao_core.crysformer.published.pair_phases import LATTICE_PRODUCTS, PairPhases


class PublishedAttention(nn.Module):
    """Attention over all ordered pairs (i, j), i = j included, with edges in keys and values.

    The published layer adds ``E_ij = W LayerNorm(e_ij) + c`` to k_j and to v_j, with
    ``e_ij = [vec(L L^T), Fourier features of x_j - x_i]``, norm weight g and bias b. Here the
    parameters stay as published while each forward pass folds them:
    ``E_ij = r_ij (W diag(g) - w1 1^T / D) e_ij + (c + W b)``, where w1 is the row sum of W diag(g)
    over the D numbers of an edge (the norm's mean, taken out of W) and r_ij its 1/std.

    Columns of ``edge_weight``, ``edge_norm_weight`` and ``edge_norm_bias``: 9 lattice products,
    then (cos, sin) of each frequency, axis by axis.
    """

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.edge_size = LATTICE_PRODUCTS + 6 * config.frequencies
        self.to_qkv = nn.Linear(width, 3 * width)
        edge = nn.Linear(self.edge_size, width)
        self.edge_weight, self.edge_bias = edge.weight, edge.bias
        self.edge_norm_weight = nn.Parameter(torch.ones(self.edge_size))
        self.edge_norm_bias = nn.Parameter(torch.zeros(self.edge_size))
        self.to_out = nn.Linear(width, width)

    def forward(self, x: Tensor, pairs: PairPhases, padding: Tensor | None) -> Tensor:
        """``[B, N, H]`` to ``[B, N, H]``.

        Args:
            x: atoms.
            pairs: geometry of the batch, in float32 or better.
            padding: ``[B, N]`` bool, True where padded; None where nothing is.
        """
        size, n, width = x.shape
        qkv = self.to_qkv(x).view(size, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        weight, column, constant = self._folded(pairs.lattice_products)
        out = edge_attention(
            q * q.shape[-1] ** -0.5,
            k,
            v,
            weight.to(q.dtype),
            column.to(q.dtype),
            pairs.phases.to(q.dtype),
            pairs.inverse_std,
            padding,
        )
        out = out.transpose(1, 2).reshape(size, n, width) + constant.to(q.dtype)
        result: Tensor = self.to_out(out)
        return result

    def _folded(self, lattice_products: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Edge weights ``[heads, d, 6F]``, lattice column ``[B, heads, d]``, constant ``[H]``."""
        with torch.autocast(lattice_products.device.type, enabled=False):
            scaled = self.edge_weight * self.edge_norm_weight
            mean = scaled.mean(dim=1, keepdim=True)
            on_lattice, on_phases = scaled.split(
                [LATTICE_PRODUCTS, self.edge_size - LATTICE_PRODUCTS], dim=1
            )
            weight = (on_phases - mean).unflatten(0, (self.heads, -1))
            products = lattice_products.to(scaled.dtype)
            column = (products @ (on_lattice - mean).T).unflatten(1, (self.heads, -1))
            constant = torch.addmv(self.edge_bias, self.edge_weight, self.edge_norm_bias)
        return weight, column, constant
