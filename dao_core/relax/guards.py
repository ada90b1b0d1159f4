"""Guards: geometries that no potential should be asked about, and energies that are none."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from ase.data import covalent_radii
from pymatgen.core import Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Potential, energies_of

MAX_VOLUME_CHANGE = 4.0
"""A cell that grows or shrinks by more than this factor has exploded or collapsed."""
LARGEST_FALL = 0.5
"""eV/atom that one step may win at most, unless its start was that steep: where the energy falls
by more, and by more than twice what the slope said, it is no longer that of a crystal."""
CURVING = 2.0
BELOW_SECOND = 1.0
"""eV/atom that an end may lie below the energy that another potential gives it. Potentials of one
scale differ by a tenth of this; uncorrected energies lie above corrected ones."""

_IMAGES = torch.tensor(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)), dtype=torch.float64)
_RADII = torch.as_tensor(covalent_radii, dtype=torch.float64)


def too_close(batch: CrystalBatch, min_distance: float) -> Tensor:
    """Which crystals have two atoms (or an atom and its image) on top of each other, ``[B]``.

    Args:
        batch: the crystals.
        min_distance: shortest distance over the sum of covalent radii, see
            :class:`dao_core.potentials.base.Domain`.

    The 27 nearest images are searched, which suffices for cells that are not badly sheared.
    """
    frac_coords = batch.frac_coords
    difference = frac_coords[:, :, None] - frac_coords[:, None]
    difference = difference - difference.round()
    vectors = difference @ batch.lattice[:, None]
    images = _IMAGES.to(batch.lattice) @ batch.lattice
    # |d + R|^2 = |d|^2 + 2 d.R + |R|^2 without a tensor of all vectors.
    squared = (vectors**2).sum(-1)[..., None] + 2 * vectors @ images.mT[:, None]
    squared = squared + (images**2).sum(-1)[:, None, None]
    itself = torch.eye(frac_coords.shape[1], dtype=torch.bool, device=squared.device)
    squared[:, itself, len(_IMAGES) // 2] = torch.inf
    radii = _RADII.to(squared.device)[batch.atomic_numbers]
    limit = min_distance * (radii[:, :, None] + radii[:, None])
    pair = batch.mask[:, :, None] & batch.mask[:, None]
    return ((squared.amin(dim=-1) < limit**2) & pair).flatten(1).any(dim=1)


def volume_ran_away(volume: Tensor, initial_volume: Tensor) -> Tensor:
    """Which cells exploded or collapsed, ``[B]``."""
    ratio = volume / initial_volume
    return (ratio > MAX_VOLUME_CHANGE) | (ratio < 1 / MAX_VOLUME_CHANGE) | ~torch.isfinite(ratio)


def below_all_crystals(energy: Tensor, natoms: Tensor, lowest: float | None) -> Tensor:
    """Which energies lie where no crystal does, ``[A]``.

    Args:
        energy: ``[A]`` eV per cell.
        natoms: ``[A]``.
        lowest: eV/atom, None where the scale of the potential is not known.
    """
    if lowest is None:
        return torch.zeros_like(energy, dtype=torch.bool)
    return energy / natoms < lowest


def fell(decrease: Tensor, expected: Tensor, natoms: Tensor) -> Tensor:
    """Which trials win more than any crystal would, ``[A]``.

    Args:
        decrease: ``[A]`` eV won by the trial; not finite before the first evaluation.
        expected: ``[A]`` eV that the slope at the start of the step promised.
        natoms: ``[A]``.
    """
    most = torch.maximum(LARGEST_FALL * natoms, CURVING * expected)
    return decrease.isfinite() & (decrease > most)


def below_second(
    structures: Sequence[Structure], energies: Sequence[float], second: Potential
) -> list[bool]:
    """Which ends of relaxations lie far below what a second potential says of them.

    Args:
        structures: the ends.
        energies: theirs, eV per cell.
        second: of the same scale of energies or of a lower one. What it cannot evaluate, it
            does not judge.
    """
    if not structures:
        return []
    batch = CrystalBatch.from_structures(list(structures), dtype=torch.float64)
    others = energies_of(second, batch).double().cpu()
    gap = (others - torch.tensor(energies, dtype=torch.float64)) / batch.natoms
    return [bool(far) for far in gap > BELOW_SECOND]
