"""A training set as padded tensors on one device, in buckets of like sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.log_stretch import log_stretch
from dao_core.training.records import Crystal
from dao_core.training.size_batches import collate

WIDTHS = (4, 8, 12, 16, 20, 28, 36, 52)
"""Atoms to which crystals are padded; few, because a network is compiled for each."""


@dataclass(frozen=True)
class Bucket:
    """Crystals of like sizes.

    Attributes:
        crystals: all of them, padded to one width.
        stretch: ``[M, 6]``, their log-stretch, which costs eigenvectors to find.
    """

    crystals: CrystalBatch
    stretch: Tensor

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.stretch)


class DeviceCrystals:
    """Batches of a training set without a copy from the host.

    Attributes:
        buckets: by width.
    """

    def __init__(
        self, crystals: Sequence[Crystal], atoms_per_batch: int, device: torch.device | str
    ) -> None:
        """Move a training set to a device.

        Args:
            crystals: of at most 52 atoms.
            atoms_per_batch: padded atoms.
            device: where they stay.

        Raises:
            InputError: there is no crystal, or one is larger than the widest bucket.
        """
        sizes = np.array([len(crystal.atomic_numbers) for crystal in crystals])
        if not len(sizes) or sizes.max() > WIDTHS[-1]:
            raise InputError(f"no crystals, or some of more than {WIDTHS[-1]} atoms")
        self.atoms_per_batch = atoms_per_batch
        place = np.searchsorted(WIDTHS, sizes)
        self.buckets = [
            _bucket([crystals[i] for i in np.flatnonzero(place == number).tolist()], width, device)
            for number, width in enumerate(WIDTHS)
            if (place == number).any()
        ]
        # every crystal is seen equally often: a bucket comes up by its batches in an epoch
        self._batches = torch.tensor([len(one) / self._size(one) for one in self.buckets])

    def draw(self, choice: torch.Generator, random: torch.Generator) -> Bucket:
        """Some crystals of one bucket, drawn with replacement.

        Args:
            choice: chooses the bucket, on the CPU.
            random: chooses the crystals, on the device.
        """
        bucket = self.buckets[int(torch.multinomial(self._batches, 1, generator=choice))]
        device = bucket.stretch.device
        rows = torch.randint(len(bucket), (self._size(bucket),), generator=random, device=device)
        whole = bucket.crystals
        return Bucket(
            CrystalBatch(
                whole.atomic_numbers[rows],
                whole.frac_coords[rows],
                whole.lattice[rows],
                whole.mask[rows],
            ),
            bucket.stretch[rows],
        )

    def _size(self, bucket: Bucket) -> int:
        """Crystals in a batch of a bucket."""
        return max(1, self.atoms_per_batch // bucket.crystals.mask.shape[1])


def _bucket(crystals: Sequence[Crystal], width: int, device: torch.device | str) -> Bucket:
    batch = collate(crystals)
    missing = width - batch.mask.shape[1]
    numbers = torch.nn.functional.pad(batch.atomic_numbers, (0, missing))
    frac_coords = torch.nn.functional.pad(batch.frac_coords, (0, 0, 0, missing))
    stretch = log_stretch(batch.lattice, batch.natoms.to(batch.lattice.dtype))
    padded = CrystalBatch(numbers, frac_coords, batch.lattice, numbers > 0)
    return Bucket(padded.to(device), stretch.to(device))
