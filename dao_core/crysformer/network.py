"""The Crysformer without edge normalisation: atoms in, atom features out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dao_core.crysformer.conditioning import AdaptiveNorm, time_features
from dao_core.crysformer.config import CrysformerConfig
from dao_core.crysformer.fused_attention import FusedAttention, fourier_features
from dao_core.crysformer.geometry import GaussianBasis, minimum_image_distances
from dao_core.elements.features import ELEMENT_FEATURES, element_table

LATTICE_FEATURES = 6


class CrysformerBlock(nn.Module):
    """Attention and feed-forward, each normalised and gated by the condition."""

    def __init__(self, config: CrysformerConfig) -> None:
        super().__init__()
        width = config.width
        self.attention_norm = AdaptiveNorm(width)
        self.attention = FusedAttention(width, config.heads, config.frequencies)
        self.distance_bias = nn.Linear(config.radial, config.heads, bias=False)
        self.feed_forward_norm = AdaptiveNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        fourier: tuple[Tensor, Tensor],
        radial: Tensor,
        padding: Tensor,
    ) -> Tensor:
        """``x`` ``[B, N, H]`` to the same shape; see :class:`Crysformer` for the other inputs."""
        bias = self.distance_bias(radial).transpose(2, 3) + padding
        y, gate = self.attention_norm(x, condition)
        x = x + gate * self.attention(y, fourier, bias)
        y, gate = self.feed_forward_norm(x, condition)
        return x + gate * self.feed_forward(y)


class Crysformer(nn.Module):
    """Atom features of a crystal at noise level ``t``.

    Invariant to permutation (equivariant per atom), to translation (only differences enter) and to
    rotation (only the metric enters). Not invariant to the choice of cell: give Niggli cells.
    """

    element_table: Tensor

    def __init__(self, config: CrysformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.register_buffer("element_table", element_table(), persistent=False)
        self.element_embedding = nn.Embedding(self.element_table.shape[0], width)
        self.element_projection = nn.Linear(ELEMENT_FEATURES, width)
        self.condition = nn.Sequential(
            nn.Linear(width + LATTICE_FEATURES + 1, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.basis = GaussianBasis(config.radial, config.cutoff)
        self.blocks = nn.ModuleList(CrysformerBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        atomic_numbers: Tensor,
        frac_coords: Tensor,
        lattice: Tensor,
        lattice_features: Tensor,
        mask: Tensor,
        t: Tensor,
    ) -> Tensor:
        """Encode.

        Args:
            atomic_numbers: ``[B, N]`` int64, 0 where padded.
            frac_coords: ``[B, N, 3]``.
            lattice: ``[B, 3, 3]`` rows, angstrom (its metric alone is used).
            lattice_features: ``[B, 6]`` normalised log-stretch of the lattice.
            mask: ``[B, N]`` bool.
            t: ``[B]`` in [0, 1].

        Returns:
            ``[B, N, H]``, zero where padded.
        """
        x = self.element_embedding(atomic_numbers) + self.element_projection(
            self.element_table[atomic_numbers]
        )
        log_natoms = mask.sum(dim=1, keepdim=True).to(t.dtype).log()
        condition = self.condition(
            torch.cat([time_features(t, self.config.width), lattice_features, log_natoms], dim=-1)
        )
        fourier = fourier_features(frac_coords, self.config.frequencies)
        radial = self.basis(minimum_image_distances(frac_coords, lattice))
        padding = torch.zeros_like(mask, dtype=t.dtype).masked_fill(~mask, -torch.inf)
        for block in self.blocks:
            x = block(x, condition, fourier, radial, padding[:, None, None, :])
        return self.norm(x) * mask[..., None]
