"""Analytic repulsion of overlapping atoms, so that no network can make them attract.

The universal screened Coulomb potential of Ziegler, Biersack and Littmark (The Stopping and Range
of Ions in Solids, 1985), brought smoothly to zero below bonding distances.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.predictor.image_sums import PairGeometry, smooth_cutoff
from dao_core.predictor.neighbours import Neighbours
from dao_core.units import COULOMB_EV_ANGSTROM

REACH = 0.75
"""Where the repulsion ends, in sums of covalent radii; bonds are longer."""
_SCREENING = ((0.18175, 3.19980), (0.50986, 0.94229), (0.28022, 0.40290), (0.02817, 0.20162))


def screened_repulsion(batch: CrystalBatch, edges: Neighbours, geometry: PairGeometry) -> Tensor:
    """Repulsion energy per crystal, ``[B]``, eV."""
    numbers = batch.atomic_numbers.to(geometry.distance.dtype)
    first = numbers[edges.crystal, edges.first]
    second = numbers[edges.crystal, edges.second]
    reduced = geometry.distance * (first**0.23 + second**0.23) / 0.46850
    screening = sum((a * torch.exp(-b * reduced) for a, b in _SCREENING), torch.zeros_like(reduced))
    envelope = smooth_cutoff(geometry.distance / (REACH * geometry.contact))
    pair_energy = COULOMB_EV_ANGSTROM * first * second / geometry.distance * screening * envelope
    return pair_energy.new_zeros(len(batch)).index_add(0, edges.crystal, pair_energy)
