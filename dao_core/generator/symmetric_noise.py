"""Noise that keeps the space group of the crystals it is added to, for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.generator.orbit_maps import OrbitMaps


@dataclass(frozen=True)
class SymmetricNoise:
    """The maps of :class:`dao_core.generator.orbit_maps.OrbitMaps` for a padded batch.

    Attributes:
        displacement: ``[B, 3N, 3N]``, from independent to symmetric displacements.
        metric: ``[B, 9, 9]``, the symmetric part of flattened metrics.
    """

    displacement: Tensor
    metric: Tensor

    @classmethod
    def of(cls, maps: Sequence[OrbitMaps | None], natoms: int) -> SymmetricNoise:
        """Pad the maps of each crystal; one without any is free, as in P1."""
        displacement = torch.eye(3 * natoms).repeat(len(maps), 1, 1)
        metric = torch.eye(9).repeat(len(maps), 1, 1)
        for row, own in enumerate(maps):
            if own is not None:
                size = len(own.noise)
                displacement[row, :size, :size] = own.noise
                metric[row] = own.metric
        return cls(displacement, metric)

    def to(self, device: torch.device | str) -> SymmetricNoise:
        """Move to a device."""
        return SymmetricNoise(self.displacement.to(device), self.metric.to(device))

    def only(self, chosen: Tensor) -> SymmetricNoise:
        """The same for the crystals ``[B]`` (bool) that are chosen; the others are free."""
        pick = chosen[:, None, None]
        free, size = torch.eye(9).to(self.metric), self.displacement.shape[-1]
        return SymmetricNoise(
            torch.where(pick, self.displacement, torch.eye(size).to(self.displacement)),
            torch.where(pick, self.metric, free),
        )

    def displaced(self, noise: Tensor) -> Tensor:
        """Symmetric displacements from independent ones, ``[B, N, 3]``."""
        flat: Tensor = (self.displacement @ noise.flatten(1)[..., None]).squeeze(-1)
        return flat.view_as(noise)

    def symmetric_lattice(self, lattice: Tensor) -> Tensor:
        """Lattices ``[B, 3, 3]`` with the symmetric part of their metric, in some orientation."""
        metric = (lattice @ lattice.transpose(1, 2)).flatten(1)[..., None]
        projected = (self.metric @ metric).view_as(lattice)
        return torch.linalg.cholesky(projected)
