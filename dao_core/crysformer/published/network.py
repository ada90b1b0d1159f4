"""The published Crysformer: atoms and a lattice in; scores, energy and element logits out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from dao_core.crysformer.published.blocks import PublishedBlock
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.pair_phases import pair_phases
from dao_core.crystal.batch import MAX_ATOMIC_NUMBER
from dao_core.elements.features import ELEMENT_FEATURES, element_table
from dao_core.errors import InputError


@dataclass(frozen=True)
class PublishedOutput:
    """What the heads of the published network say.

    Attributes:
        coordinates: ``[B, N, 3]``, score of the fractional coordinates over sqrt(lambda_t).
        lattice: ``[B, 3, 3]``, noise of the lattice.
        energy: ``[B]``, standardised energy, dimensionless.
        elements: ``[B, N, 100]``, logits of Z = 1 ... 100.
    """

    coordinates: Tensor
    lattice: Tensor
    energy: Tensor
    elements: Tensor


class PublishedCrysformer(nn.Module):
    """The network of Wu et al. (Nat. Commun. 2026), whole.

    Invariant to translation, equivariant to permutation and (the lattice output) to rotation.
    Not invariant to the choice of cell: give Niggli cells.

    Attributes:
        energy_trained: whether the energy head was trained; if not, it refuses to guide.
        process: the noise it was trained on.
    """

    element_table: Tensor
    process: Literal["diffusion"] = "diffusion"

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.config = config
        self.energy_trained = False
        width = config.width
        self.register_buffer("element_table", element_table().clone())
        self.element_projection = nn.Linear(ELEMENT_FEATURES, width)
        self.time_projection = nn.Linear(width + config.time_features, width)
        self.blocks = nn.ModuleList(PublishedBlock(config) for _ in range(config.layers))
        self.coordinate_head = nn.Linear(width, 3, bias=False)
        self.lattice_head = nn.Linear(width, 9, bias=False)
        self.energy_head = _perceptron(width, 1)
        self.element_head = _perceptron(width, MAX_ATOMIC_NUMBER)

    def encode(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Atom features ``[B, N, H]`` and their mean over each crystal ``[B, H]``.

        Args:
            atomic_numbers: ``[B, N]`` int64, 0 where padded.
            frac_coords: ``[B, N, 3]``, float32 or better.
            lattice: ``[B, 3, 3]`` rows, angstrom.
            mask: ``[B, N]`` bool.
            t: ``[B]`` noise step, 0 (clean) to 1000.

        Raises:
            InputError: a crystal has no atoms.
        """
        natoms = mask.sum(dim=1, keepdim=True)
        if not bool((natoms > 0).all()):
            empty = (natoms[:, 0] == 0).nonzero()[:, 0].tolist()
            raise InputError(f"crystals {empty} of the batch have no atoms; remove them")
        with torch.autocast(frac_coords.device.type, enabled=False):
            pairs = pair_phases(frac_coords, lattice, self.config.frequencies)
            time = time_embedding(t.to(frac_coords.dtype), self.config.time_features)
        elements = self.element_projection(self.element_table[atomic_numbers])
        time = time[:, None].expand(-1, elements.shape[1], -1)
        x = self.time_projection(torch.cat([elements, time.to(elements.dtype)], dim=-1))
        padding = None if bool(mask.all()) else ~mask
        for block in self.blocks:
            x = block(x, pairs, padding)
        pooled = (x * mask[..., None]).sum(dim=1) / natoms
        return x, pooled

    def forward(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> PublishedOutput:
        """All heads; arguments as for :meth:`encode`. Padded atoms give zeros."""
        x, pooled = self.encode(atomic_numbers, frac_coords, lattice, mask, t)
        real = mask[..., None]
        return PublishedOutput(
            coordinates=self.coordinate_head(x) * real,
            lattice=self._lattice_noise(pooled, lattice),
            energy=self.energy_head(pooled).squeeze(-1),
            elements=self.element_head(x) * real,
        )

    def denoise(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Coordinates and lattice of :meth:`forward` alone: what sampling needs."""
        x, pooled = self.encode(atomic_numbers, frac_coords, lattice, mask, t)
        return self.coordinate_head(x) * mask[..., None], self._lattice_noise(pooled, lattice)

    def energy(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        """Standardised energy of :meth:`forward` alone, ``[B]``."""
        _, pooled = self.encode(atomic_numbers, frac_coords, lattice, mask, t)
        energy: Tensor = self.energy_head(pooled).squeeze(-1)
        return energy

    def _lattice_noise(self, pooled: Tensor, lattice: Tensor) -> Tensor:
        """``M L`` with M from the pooled atoms: it turns with the lattice."""
        return self.lattice_head(pooled).view(-1, 3, 3).to(lattice.dtype) @ lattice


def time_embedding(t: Tensor, size: int) -> Tensor:
    """Sines, then cosines, of t / 10000^(k/(size/2 - 1)); ``[B]`` to ``[B, size]``."""
    half = size // 2
    orders = torch.arange(half, device=t.device, dtype=t.dtype)
    phase = t[:, None] * torch.exp(orders * (-math.log(10_000.0) / (half - 1)))
    return torch.cat([phase.sin(), phase.cos()], dim=-1)


def _perceptron(width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))
