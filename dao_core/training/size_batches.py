"""Batches of crystals of similar size, so that little of a padded tensor is padding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
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
    ``ranks``-th batch of the same order, and all ranks see equally many batches. The number of
    batches is a multiple of ``multiple`` (those of one optimiser step); the few that are over stay
    out of this epoch, others in the next.

    Raises:
        InputError: there are not as many batches as ``multiple`` and ``ranks`` need.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        atoms_per_batch: int,
        seed: int,
        rank: int = 0,
        ranks: int = 1,
        multiple: int = 1,
    ) -> None:
        self.sizes = np.asarray(sizes)
        self.atoms_per_batch = atoms_per_batch
        self.seed = seed
        self.rank = rank
        self.ranks = ranks
        self.multiple = math.lcm(ranks, multiple)
        self.epoch = 0
        self.skip = 0
        if len(self._batches()) == 0:
            raise InputError(
                f"{len(self.sizes)} crystals make fewer than {self.multiple} batches of "
                f"{atoms_per_batch} atoms; use smaller batches, or fewer processes or accumulations"
            )

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
        usable = len(batches) - len(batches) % self.multiple
        return [batches[i] for i in random.permutation(len(batches))[:usable]]

    def __iter__(self) -> Iterator[list[int]]:
        """Yield this rank's batches of the epoch, but for the first ``skip`` of this one time."""
        first, self.skip = self.skip, 0
        yield from self._batches()[self.rank :: self.ranks][first:]

    def __len__(self) -> int:
        """Batches of this rank in one epoch."""
        return len(self._batches()) // self.ranks


class BatchLoader(DataLoader[Any]):
    """Batches of a :class:`SizeBatchSampler`; a run that goes on within an epoch goes on there.

    Lightning keeps the state in its checkpoints.
    """

    def __init__(
        self, dataset: Dataset[Any], sampler: SizeBatchSampler, collate_fn: Callable[[Any], Any]
    ) -> None:
        super().__init__(dataset, batch_sampler=sampler, collate_fn=collate_fn)
        self.size_batches = sampler
        self.given = 0

    def __iter__(self) -> Any:
        """The batches that are left of the epoch."""
        self.given = self.size_batches.skip
        for batch in super().__iter__():
            self.given += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """How many batches of this epoch were given."""
        return {"given": self.given % len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Leave out what was given before."""
        self.size_batches.skip = state["given"]


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
