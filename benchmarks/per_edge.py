"""The published Crysformer as it was released: one edge vector per ordered pair and layer.

The reference for the factorised network (tests) and what it is measured against
(``benchmarks/attention.py``). Written apart from ``dao_core``, from the layout of the released
checkpoints, whose keys its modules bear. Two kindnesses to it: queries, keys and values are
computed per atom, not per edge, and the edges of a crystal stand in one dense tensor.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PerEdgeAttention(nn.Module):
    """``logit_ij = q_i.(k_j + E_ij) / sqrt(d)``, values ``v_j + E_ij``, E = Linear(LN(e_ij))."""

    def __init__(self, width: int, heads: int, frequencies: int) -> None:
        super().__init__()
        self.heads, self.frequencies = heads, frequencies
        edge_size = 9 + 6 * frequencies
        self.to_q = nn.Linear(width, width)
        self.to_kv = nn.Linear(width, 2 * width)
        self.edges_to_kv = nn.Linear(edge_size, width)
        self.to_out = nn.Linear(width, width)
        self.edge_norm = nn.LayerNorm(edge_size)

    def edge_features(self, frac_coords: Tensor, lattice: Tensor) -> Tensor:
        """``[B, N, N, 9 + 6F]``: L L^T, sines (axis-major), cosines."""
        difference = (frac_coords[:, None, :, :] - frac_coords[:, :, None, :]) % 1.0
        orders = torch.arange(self.frequencies).to(difference)
        angle = (difference[..., None] * (2 * math.pi * orders)).flatten(-2)
        products = (lattice @ lattice.transpose(-1, -2)).flatten(-2)[:, None, None, :]
        products = products.expand(*angle.shape[:3], 9)
        return torch.cat([products, angle.sin(), angle.cos()], dim=-1)

    def forward(self, x: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor) -> Tensor:
        """``[B, N, H]`` to ``[B, N, H]``."""
        size, n, width = x.shape
        edges = self.edges_to_kv(self.edge_norm(self.edge_features(frac_coords, lattice)))
        edges = edges.view(size, n, n, self.heads, -1)
        q = self.to_q(x).view(size, n, 1, self.heads, -1)
        k, v = self.to_kv(x).view(size, 1, n, 2, self.heads, -1).unbind(3)
        logits = (q * (k + edges)).sum(dim=-1) / math.sqrt(q.shape[-1])
        logits = logits.masked_fill(~mask[:, None, :, None], -torch.inf)
        weights = logits.softmax(dim=2)[..., None]
        mixed = (weights * (v + edges)).sum(dim=2)
        return self.to_out(mixed.reshape(size, n, width))


class PreNormGated(nn.Module):
    """``g x + (1 - g) fn(norm(x))`` with ``g = sigmoid(w.[x; r; x - r])``."""

    def __init__(self, width: int, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn
        self.norm = nn.LayerNorm(width)
        self.residue = nn.Module()
        self.residue.proj = nn.Sequential(nn.Linear(3 * width, 1, bias=False), nn.Sigmoid())

    def forward(self, x: Tensor, *geometry: Tensor) -> Tensor:
        """``[B, N, H]`` to ``[B, N, H]``."""
        r = self.fn(self.norm(x), *geometry)
        gate = self.residue.proj(torch.cat([x, r, x - r], dim=-1))
        return x * gate + r * (1 - gate)


class FeedForward(nn.Module):
    """Linear, GELU, Linear, four times as wide within."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, N, H]`` to ``[B, N, H]``."""
        return self.net(x)


class PerEdgeBlock(nn.Module):
    """Attention, then feed-forward."""

    def __init__(self, width: int, heads: int, frequencies: int) -> None:
        super().__init__()
        self.attention = PreNormGated(width, PerEdgeAttention(width, heads, frequencies))
        self.ffn = PreNormGated(width, FeedForward(width))


class PerEdgeCrysformer(nn.Module):
    """The released network; ``state_dict()`` has the released keys, without ``decoder.``."""

    def __init__(
        self, width: int, layers: int, heads: int, frequencies: int, time_features: int
    ) -> None:
        super().__init__()
        self.layers, self.time_features = layers, time_features
        self.node_embedding = nn.Embedding(100, width)
        self.embedding_in = nn.Sequential(nn.Embedding(101, 92), nn.Linear(92, width))
        self.embedding_in[0].weight.requires_grad_(requires_grad=False)
        self.atom_latent_emb = nn.Linear(width + time_features, width)
        for i in range(layers):
            self.add_module(f"block_{i}", PerEdgeBlock(width, heads, frequencies))
        self.coord_out = nn.Linear(width, 3, bias=False)
        self.lattice_out = nn.Linear(width, 9, bias=False)
        self.type_out = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 100))
        self.scalar_out = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Coordinates ``[B, N, 3]``, lattice ``[B, 3, 3]``, energy ``[B]``, types ``[B, N, 100]``.

        Arguments as for ``PublishedCrysformer.encode``.
        """
        half = self.time_features // 2
        rates = 10_000.0 ** (-torch.arange(half).to(frac_coords) / (half - 1))
        phase = t.to(frac_coords)[:, None] * rates
        time = torch.cat([phase.sin(), phase.cos()], dim=-1)
        x = self.embedding_in(atomic_numbers)
        x = torch.cat([x, time[:, None].expand(-1, x.shape[1], -1)], dim=-1)
        x = self.atom_latent_emb(x)
        for i in range(self.layers):
            block = self.get_submodule(f"block_{i}")
            x = block.ffn(block.attention(x, frac_coords, lattice, mask))
        real = mask[..., None]
        pooled = (x * real).sum(dim=1) / real.sum(dim=1)
        lattice_out = self.lattice_out(pooled).view(-1, 3, 3) @ lattice
        energy = self.scalar_out(pooled).squeeze(-1)
        return self.coord_out(x) * real, lattice_out, energy, self.type_out(x) * real
