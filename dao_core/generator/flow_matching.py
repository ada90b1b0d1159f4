"""Flow matching on crystals: the torus for coordinates, a flat space for the lattice.

Coordinates start uniform on the torus and move along geodesics, u = wrap(x_1 - x_0) minus its mean
over the crystal; the normalised log-stretch moves on a straight line from a unit Gaussian
(Miller et al., FlowMM, ICML 2024; Wu et al., DAO, Nat. Commun. 2026). The noise of some crystals
keeps their space group (as in DiffCSP++, Jiao et al., ICLR 2024), so that held orbits and starts
from prototypes are known to the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.devices import full_precision
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.symmetric_noise import SymmetricNoise
from dao_core.generator.velocity import VelocityNetwork, centred

COORDINATE_WEIGHT = 10.0
LATTICE_WEIGHT = 0.3
UNIFORM_SHARE = 0.1
"""Share of the training times that are uniform, so that both ends of the way are seen."""
LAST_TIME = 1e-3
"""The lattice of a symmetric path is projected on the way; its velocity is what is left of the way
over what is left of the time, which this keeps from zero."""


@dataclass(frozen=True)
class FlowLoss:
    """Mean losses of a batch; ``total`` is what is minimised."""

    total: Tensor
    coordinates: Tensor
    lattice: Tensor


def wrap(difference: Tensor) -> Tensor:
    """Shortest representative of a fractional difference, in [-1/2, 1/2)."""
    return difference - torch.floor(difference + 0.5)


def training_times(
    size: int, generator: torch.Generator | None, device: torch.device | str
) -> Tensor:
    """Times ``[size]`` at which the velocities are learned.

    Most are the logistic of a unit Gaussian (Esser et al., Stable Diffusion 3, ICML 2024): the
    middle of the way, where it is decided which crystal is made, is seen more often than the ends.

    Args:
        size: number of times.
        generator: source of the random numbers, on ``device``.
        device: where they are made.
    """
    normal = torch.randn(size, generator=generator, device=device)
    uniform = torch.rand(size, generator=generator, device=device)
    chosen = torch.rand(size, generator=generator, device=device) < UNIFORM_SHARE
    return torch.where(chosen, uniform, normal.sigmoid())


def flow_matching_loss(
    network: VelocityNetwork,
    batch: CrystalBatch,
    generator: torch.Generator | None = None,
    symmetric: SymmetricNoise | None = None,
    stretch: Tensor | None = None,
) -> FlowLoss:
    """Squared error of the velocities at a random time of each crystal's path.

    Args:
        network: predicts the velocities.
        batch: clean crystals in Niggli cells.
        generator: source of the random numbers, on the batch's device.
        symmetric: keeps space groups; without it all noise is free.
        stretch: ``[B, 6]``, the log-stretch of the batch where it is known.
    """
    with full_precision(batch.lattice):
        if stretch is None:
            stretch = log_stretch(batch.lattice, batch.natoms.to(batch.lattice.dtype))
        t, frac_coords, stretch_t, target, stretch_target = _path(
            network, batch, generator, symmetric, stretch
        )
    velocity, stretch_velocity = network(
        batch.atomic_numbers, frac_coords, stretch_t, batch.mask, t
    )
    per_atom = (velocity - target).square().sum(dim=-1)
    coordinates = (per_atom.sum(dim=1) / batch.natoms).mean()
    lattice = (stretch_velocity - stretch_target).square().mean()
    return FlowLoss(
        COORDINATE_WEIGHT * coordinates + LATTICE_WEIGHT * lattice, coordinates, lattice
    )


def _path(
    network: VelocityNetwork,
    batch: CrystalBatch,
    generator: torch.Generator | None,
    symmetric: SymmetricNoise | None,
    stretch: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Time, coordinates and stretch on the path, and the velocities to be learned."""
    size, natoms = len(batch), batch.natoms.to(batch.lattice.dtype)
    device, dtype = batch.lattice.device, batch.lattice.dtype
    t = training_times(size, generator, device).to(dtype)
    # Around each atom the wrapped uniform noise is uniform on the torus, as where samples start.
    away = torch.rand(batch.frac_coords.shape, generator=generator, device=device, dtype=dtype)
    away = away - 0.5
    if symmetric is not None:
        away = symmetric.displaced(away)
    target = centred(-away, batch.mask)
    frac_coords = (batch.frac_coords + away + t[:, None, None] * target) % 1.0
    stretch = (stretch - network.stretch_mean) / network.stretch_std
    noise = torch.randn(stretch.shape, generator=generator, device=device, dtype=dtype)
    stretch_t = noise + t[:, None] * (stretch - noise)
    stretch_target = stretch - noise
    if symmetric is not None:
        lattice_t = symmetric.symmetric_lattice(network.lattice(stretch_t, natoms))
        stretch_t = (log_stretch(lattice_t, natoms) - network.stretch_mean) / network.stretch_std
        stretch_target = (stretch - stretch_t) / (1 - t).clamp_min(LAST_TIME)[:, None]
    return t, frac_coords, stretch_t, target, stretch_target
