"""The one representation of crystals in tensors: a padded batch.

Shape notation used throughout ``dao_core``: ``B`` crystals, ``N`` atoms of the largest crystal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pymatgen.core import Element, Lattice, Structure
from torch import Tensor

from dao_core.crystal.usable import MAX_ATOMIC_NUMBER, unusable_reason
from dao_core.errors import InputError

__all__ = ["MAX_ATOMIC_NUMBER", "CrystalBatch", "unusable_reason"]


@dataclass(frozen=True)
class CrystalBatch:
    """A padded batch of periodic crystals.

    Attributes:
        atomic_numbers: ``[B, N]`` int64, 0 where padded.
        frac_coords: ``[B, N, 3]`` fractional coordinates, 0 where padded.
        lattice: ``[B, 3, 3]`` lattice vectors as rows, angstrom.
        mask: ``[B, N]`` bool, True for real atoms.
    """

    atomic_numbers: Tensor
    frac_coords: Tensor
    lattice: Tensor
    mask: Tensor

    def __len__(self) -> int:
        """Number of crystals, ``B``."""
        return self.atomic_numbers.shape[0]

    @property
    def natoms(self) -> Tensor:
        """Number of real atoms per crystal, ``[B]`` int64."""
        return self.mask.sum(dim=1)

    @property
    def volume(self) -> Tensor:
        """Cell volume, ``[B]``, cubic angstrom (always positive)."""
        return torch.linalg.det(self.lattice).abs()

    @property
    def cart_coords(self) -> Tensor:
        """Cartesian coordinates, ``[B, N, 3]``, angstrom."""
        return self.frac_coords @ self.lattice

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> CrystalBatch:
        """Move to a device; ``dtype`` applies to the floating-point tensors only."""
        return CrystalBatch(
            self.atomic_numbers.to(device=device),
            self.frac_coords.to(device=device, dtype=dtype),
            self.lattice.to(device=device, dtype=dtype),
            self.mask.to(device=device),
        )

    def select(self, index: Tensor | Sequence[int]) -> CrystalBatch:
        """The crystals at ``index`` (integers or a bool mask ``[B]``), padding trimmed."""
        index = torch.as_tensor(index, device=self.mask.device)
        mask = self.mask[index]
        width = int(mask.sum(dim=1).max()) if mask.shape[0] else 0
        return CrystalBatch(
            self.atomic_numbers[index, :width],
            self.frac_coords[index, :width],
            self.lattice[index],
            mask[:, :width],
        )

    @classmethod
    def from_structures(
        cls,
        structures: Sequence[Structure],
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> CrystalBatch:
        """Pad ordered pymatgen structures into a batch.

        Raises:
            InputError: a structure is empty, disordered, not finite, of zero volume, or holds an
                element beyond ``MAX_ATOMIC_NUMBER``; the message names its position.
        """
        for position, structure in enumerate(structures):
            reason = unusable_reason(structure)
            if reason:
                raise InputError(
                    f"structure {position} ({structure.formula or 'empty'}): {reason}; "
                    "remove or correct it"
                )
        width = max((len(structure) for structure in structures), default=0)
        shape = (len(structures), width)
        numbers = np.zeros(shape, dtype=np.int64)
        frac_coords = np.zeros((*shape, 3))
        lattice = np.zeros((len(structures), 3, 3))
        for row, structure in enumerate(structures):
            n = len(structure)
            numbers[row, :n] = structure.atomic_numbers
            frac_coords[row, :n] = structure.frac_coords
            lattice[row] = structure.lattice.matrix
        atomic_numbers = torch.as_tensor(numbers, device=device)
        return cls(
            atomic_numbers,
            torch.as_tensor(frac_coords, dtype=dtype, device=device),
            torch.as_tensor(lattice, dtype=dtype, device=device),
            atomic_numbers > 0,
        )

    def to_structures(self) -> list[Structure]:
        """Convert back to pymatgen, coordinates wrapped into the cell."""
        numbers = self.atomic_numbers.cpu().numpy()
        frac_coords = self.frac_coords.detach().double().cpu().numpy()
        lattice = self.lattice.detach().double().cpu().numpy()
        counts = self.natoms.cpu().numpy()
        return [
            Structure(
                Lattice(lattice[row]),
                [Element.from_Z(int(z)) for z in numbers[row, :n]],
                frac_coords[row, :n],
                to_unit_cell=True,
            )
            for row, n in enumerate(counts)
        ]
