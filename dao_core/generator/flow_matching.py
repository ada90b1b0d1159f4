"""Flow matching on crystals: the torus for coordinates, a flat space for the lattice.

Coordinates start uniform on the torus and move along geodesics, u = wrap(x_1 - x_0) minus its mean
over the crystal; the normalised log-stretch moves on a straight line from a unit Gaussian
(Miller et al., FlowMM, ICML 2024; Wu et al., DAO, Nat. Commun. 2026).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.velocity import VelocityNetwork, centred

COORDINATE_WEIGHT = 10.0
LATTICE_WEIGHT = 0.3


@dataclass(frozen=True)
class FlowLoss:
    """Mean losses of a batch; ``total`` is what is minimised."""

    total: Tensor
    coordinates: Tensor
    lattice: Tensor


def wrap(difference: Tensor) -> Tensor:
    """Shortest representative of a fractional difference, in [-1/2, 1/2)."""
    return difference - torch.floor(difference + 0.5)


def flow_matching_loss(
    network: VelocityNetwork, batch: CrystalBatch, generator: torch.Generator | None = None
) -> FlowLoss:
    """Squared error of the velocities at a random time of each crystal's path.

    Args:
        network: predicts the velocities.
        batch: clean crystals in Niggli cells.
        generator: source of the random numbers, on the batch's device.
    """
    size, natoms = len(batch), batch.natoms.to(batch.lattice.dtype)
    device, dtype = batch.lattice.device, batch.lattice.dtype
    t = torch.rand(size, generator=generator, device=device, dtype=dtype)
    start = torch.rand(batch.frac_coords.shape, generator=generator, device=device, dtype=dtype)
    target = centred(wrap(batch.frac_coords - start), batch.mask)
    frac_coords = (start + t[:, None, None] * target) % 1.0
    stretch = (log_stretch(batch.lattice, natoms) - network.stretch_mean) / network.stretch_std
    noise = torch.randn(stretch.shape, generator=generator, device=device, dtype=dtype)
    stretch_t = noise + t[:, None] * (stretch - noise)
    velocity, stretch_velocity = network(
        batch.atomic_numbers, frac_coords, stretch_t, batch.mask, t
    )
    per_atom = (velocity - target).square().sum(dim=-1)
    coordinates = (per_atom.sum(dim=1) / natoms).mean()
    lattice = (stretch_velocity - (stretch - noise)).square().mean()
    return FlowLoss(
        COORDINATE_WEIGHT * coordinates + LATTICE_WEIGHT * lattice, coordinates, lattice
    )
