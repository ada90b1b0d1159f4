"""Crystals with what their space groups leave free, as batches for the training of DAO-G."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.utils.data import Dataset

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.orbit_maps import OrbitMaps, orbit_maps
from dao_core.generator.symmetric_noise import SymmetricNoise
from dao_core.training.records import Crystal
from dao_core.training.size_batches import collate


@dataclass(frozen=True)
class SymmetricBatch:
    """Clean crystals, and the noise that keeps the space group of each."""

    crystals: CrystalBatch
    symmetric: SymmetricNoise

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.crystals)

    def to(self, device: torch.device | str) -> SymmetricBatch:
        """Move to a device."""
        return SymmetricBatch(self.crystals.to(device), self.symmetric.to(device))


class SymmetricDataset(Dataset[tuple[Crystal, OrbitMaps | None]]):
    """Crystals in memory; what a space group leaves free is found when first asked for.

    Attributes:
        crystals: what it holds.
        symmetric: whether space groups are looked for; they take longer than a training step.
    """

    def __init__(self, crystals: Sequence[Crystal], *, symmetric: bool = True) -> None:
        self.crystals = crystals
        self.symmetric = symmetric
        self._maps: dict[int, OrbitMaps | None] = {}

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.crystals)

    def __getitem__(self, index: int) -> tuple[Crystal, OrbitMaps | None]:
        """The crystal at ``index`` and its maps; None where there is no usable group."""
        if not self.symmetric:
            return self.crystals[index], None
        if index not in self._maps:
            self._maps[index] = _maps(self.crystals[index])
        return self.crystals[index], self._maps[index]


def collate_symmetric(items: Sequence[tuple[Crystal, OrbitMaps | None]]) -> SymmetricBatch:
    """Pad crystals and their maps into one float32 batch on the CPU."""
    crystals = collate([crystal for crystal, _ in items])
    natoms = crystals.mask.shape[1]
    return SymmetricBatch(crystals, SymmetricNoise.of([maps for _, maps in items], natoms))


def _maps(crystal: Crystal) -> OrbitMaps | None:
    try:
        return orbit_maps(crystal.structure())
    except InputError:  # noise of such a crystal is free
        return None
