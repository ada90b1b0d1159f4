"""Batches of crystals of similar size, so that little of a padded tensor is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from dao_core.crystal.batch import CrystalBatch
from dao_core.training.records import Crystal


class CrystalDataset(Dataset[Crystal]):
    """Crystals in memory."""

    def __init__(self, crystals: Sequence[Crystal]) -> None:
        self.crystals = crystals

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.crystals)

    def __getitem__(self, index: int) -> Crystal:
        """The crystal at ``index``."""
        return self.crystals[index]


class SizeBatchSampler(Sampler[list[int]]):
    """Index batches of neighbouring sizes with about ``atoms_per_batch`` atoms each.

    The order is a function of ``(seed, epoch)``. With several ranks each takes every
    ``ranks``-th batch of the same order, and all ranks see equally many batches.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        atoms_per_batch: int,
        seed: int,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.sizes = np.asarray(sizes)
        self.atoms_per_batch = atoms_per_batch
        self.seed = seed
        self.rank = rank
        self.ranks = ranks
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is drawn next (Lightning calls this)."""
        self.epoch = epoch

    def _batches(self) -> list[list[int]]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.sizes))
        order = order[np.argsort(self.sizes[order], kind="stable")]
        batches: list[list[int]] = []
        current: list[int] = []
        for index in order:
            if (len(current) + 1) * self.sizes[index] > self.atoms_per_batch and current:
                batches.append(current)
                current = []
            current.append(int(index))
        batches.append(current)
        usable = len(batches) - len(batches) % self.ranks
        return [batches[i] for i in random.permutation(len(batches))[:usable]]

    def __iter__(self) -> Iterator[list[int]]:
        """Yield this rank's batches of the epoch."""
        yield from self._batches()[self.rank :: self.ranks]

    def __len__(self) -> int:
        """Batches of this rank in one epoch."""
        return len(self._batches()) // self.ranks


def collate(crystals: Sequence[Crystal]) -> CrystalBatch:
    """Pad crystals into one float32 batch on the CPU."""
    width = max(len(crystal.atomic_numbers) for crystal in crystals)
    numbers = torch.zeros(len(crystals), width, dtype=torch.long)
    frac_coords = torch.zeros(len(crystals), width, 3)
    lattice = torch.zeros(len(crystals), 3, 3)
    for row, crystal in enumerate(crystals):
        n = len(crystal.atomic_numbers)
        numbers[row, :n] = torch.from_numpy(crystal.atomic_numbers)
        frac_coords[row, :n] = torch.from_numpy(crystal.frac_coords)
        lattice[row] = torch.from_numpy(crystal.lattice)
    return CrystalBatch(numbers, frac_coords, lattice, numbers > 0)
