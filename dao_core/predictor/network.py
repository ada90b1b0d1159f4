"""The physical Crysformer: attention over pairs whose messages are linear in image sums.

An atom's message is a sum over atoms j of (gate from query i and key j) x (radial filter of the
image sums of the pair) x (value of j), for scalar, vector and rank-2 channels. The gate depends on
features alone, so duplicating atoms in a supercell splits the image sums among the copies and
leaves every message the same. Vectors and tensors are contracted to invariants of up to four
bodies (Drautz, Phys. Rev. B 99, 014104, 2019) before they reach the scalar features.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dao_core.elements.features import ELEMENT_FEATURES, element_table
from dao_core.predictor.config import PredictorConfig
from dao_core.predictor.image_sums import ImageSums

TYPICAL_NEIGHBOURS = 12.0


class PairMessage(nn.Module):
    """Attention whose weights are gate x radial filter of the image sums, for three tensor ranks.

    Each head has one gate and one radial filter; its channels share them.
    """

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config
        self.heads = config.scalar_heads + config.tensor_heads
        self.values = nn.Linear(config.width, config.width + 2 * config.tensor_width)
        self.queries_keys = nn.Linear(config.width, 2 * self.heads * config.head_width)
        self.scalar_filter = RadialFilter(2 * config.radial, config.scalar_heads)
        self.vector_filter = RadialFilter(config.radial, config.tensor_heads)
        self.tensor_filter = RadialFilter(config.radial, config.tensor_heads)

    def forward(self, x: Tensor, sums: ImageSums) -> tuple[Tensor, Tensor, Tensor]:
        """``x`` ``[B, N, H]`` to scalars ``[B, N, H]``, ``[B, 3, N, V]`` and ``[B, 6, N, V]``."""
        config = self.config
        gates = self._gates(x)
        scalar_gate, tensor_gate = gates.split([config.scalar_heads, config.tensor_heads], dim=1)
        scalar_values, vector_values, tensor_values = self.values(x).split(
            [config.width, config.tensor_width, config.tensor_width], dim=-1
        )
        scalar = _attend(self.scalar_filter(sums.scalar), scalar_gate, scalar_values)
        vector = _attend(self.vector_filter(sums.vector), tensor_gate, vector_values)
        tensor = _attend(self.tensor_filter(sums.tensor), tensor_gate, tensor_values)
        return scalar[:, 0], vector, tensor

    def _gates(self, x: Tensor) -> Tensor:
        """Gate of every head, query i and key j, ``[B, heads, N, N]`` in (0, 2)."""
        b, n, _ = x.shape
        size = self.config.head_width
        queries, keys = self.queries_keys(x).view(b, n, 2, self.heads, size).permute(2, 0, 3, 1, 4)
        return 2 * torch.sigmoid(queries @ keys.transpose(-1, -2) / math.sqrt(size))


class RadialFilter(nn.Module):
    """Linear combinations of the radial functions, one per head."""

    def __init__(self, radial: int, heads: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(heads, radial) / math.sqrt(radial))

    def forward(self, sums: Tensor) -> Tensor:
        """``[B, K, M, N, N]`` to ``[B, heads, M, N, N]``."""
        return torch.matmul(self.weight, sums.flatten(2)).unflatten(2, sums.shape[2:])


def _attend(radial: Tensor, gates: Tensor, values: Tensor) -> Tensor:
    """Filtered sums ``[B, heads, M, N, N]``, gates ``[B, heads, N, N]`` and values ``[B, N, C]``.

    Returns:
        messages ``[B, M, N, C]``.
    """
    b, heads, moments, n, _ = radial.shape
    weights = radial * gates[:, :, None]
    grouped = values.view(b, n, heads, -1).transpose(1, 2)
    pooled = weights.view(b, heads, moments * n, n) @ grouped / math.sqrt(TYPICAL_NEIGHBOURS)
    return pooled.view(b, heads, moments, n, -1).permute(0, 2, 3, 1, 4).flatten(3)


class Invariants(nn.Module):
    """Contractions of vectors and rank-2 tensors to scalars of two and three factors."""

    def __init__(self, tensor_width: int) -> None:
        super().__init__()
        self.pairs = nn.Linear(tensor_width, 2 * tensor_width, bias=False)
        self.tensor_pairs = nn.Linear(tensor_width, 2 * tensor_width, bias=False)
        self.triples = nn.Linear(tensor_width, tensor_width // 2, bias=False)
        self.tensor_triples = nn.Linear(tensor_width, tensor_width // 2, bias=False)

    def forward(self, vector: Tensor, tensor: Tensor) -> Tensor:
        """``[B, 3, N, V]`` and ``[B, 6, N, V]`` to ``[B, N, 3 V + 2]``."""
        vector, vector_size = _normalised(vector)
        tensor, tensor_size = _normalised(tensor)
        u, v = self.pairs(vector).chunk(2, dim=-1)
        p, q = self.tensor_pairs(tensor).chunk(2, dim=-1)
        vector_dots, tensor_dots = (u * v).sum(1), (p * q).sum(1)
        bent, cubed = _triples(self.triples(vector), self.tensor_triples(tensor))
        return torch.cat([vector_dots, tensor_dots, bent, cubed, vector_size, tensor_size], dim=-1)


def _normalised(features: Tensor) -> tuple[Tensor, Tensor]:
    """Features over the root of one plus their mean square norm, and the log of that."""
    size = 1 + features.square().sum(1).mean(-1, keepdim=True)
    return features * size.rsqrt()[:, None], size.log()


def _triples(vector: Tensor, tensor: Tensor) -> tuple[Tensor, Tensor]:
    """``v . M v`` and ``det M`` of ``[B, 3, N, C]`` and the six numbers ``[B, 6, N, C]`` of M."""
    x, y, z = vector.unbind(1)
    xx, yy, zz, yz, xz, xy = tensor.unbind(1)
    half = 0.5**0.5
    diagonal = xx * x * x + yy * y * y + zz * z * z
    bent = diagonal + (yz * y * z + xz * x * z + xy * x * y) * (2 * half)
    squares = xx * yz.square() + yy * xz.square() + zz * xy.square()
    determinant = xx * yy * zz + yz * xz * xy * (2 * half**3) - 0.5 * squares
    return bent, determinant


class InteractionBlock(nn.Module):
    """Messages, their invariants and a feed-forward network, added to the atom features."""

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        width = config.width
        self.norm = nn.LayerNorm(width)
        self.message = PairMessage(config)
        self.invariants = Invariants(config.tensor_width)
        features = 2 * width + 3 * config.tensor_width + 2
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor, sums: ImageSums) -> Tensor:
        """``x`` ``[B, N, H]`` to the same shape."""
        y = self.norm(x)
        scalar, vector, tensor = self.message(y, sums)
        features = torch.cat([y, scalar, self.invariants(vector, tensor)], dim=-1)
        return x + self.feed_forward(features)


class PhysicalCrysformer(nn.Module):
    """Atom features of a crystal from its elements and image sums."""

    element_table: Tensor

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("element_table", element_table(), persistent=False)
        self.element_embedding = nn.Embedding(self.element_table.shape[0], config.width)
        nn.init.normal_(self.element_embedding.weight, std=0.3)
        self.element_projection = nn.Linear(ELEMENT_FEATURES, config.width)
        self.blocks = nn.ModuleList(InteractionBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, atomic_numbers: Tensor, mask: Tensor, sums: ImageSums) -> Tensor:
        """``[B, N]`` elements and pair features to ``[B, N, H]``, zero where padded."""
        x = self.element_embedding(atomic_numbers)
        x = x + self.element_projection(self.element_table[atomic_numbers])
        for block in self.blocks:
            x = block(x, sums)
        return self.norm(x) * mask[..., None]
