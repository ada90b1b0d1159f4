"""From noise to crystals: per-crystal noise, and Euler steps along the learned velocity."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from dao_core.crysformer.network import LATTICE_FEATURES
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.flow_guidance import flow_guidance
from dao_core.generator.flow_holding import FlowHolding
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldCrystal
from dao_core.generator.velocity import VelocityNetwork

ANNEALING_SLOPE = 10.0
"""Coordinate velocities are scaled by 1 + slope * t, so that late steps go on towards the mode
(Miller et al., FlowMM, ICML 2024; see benchmarks/experiments.md)."""


def crystal_seed(seed: int, key: str, index: int) -> int:
    """A 63-bit seed for sample ``index`` of ``key``, independent of how samples are batched."""
    digest = hashlib.sha256(f"{seed}|{key}|{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def initial_noise(natoms: Sequence[int], seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Noise of each crystal from its own seed, drawn on the CPU so that devices agree.

    Args:
        natoms: atoms per crystal.
        seeds: one seed per crystal.

    Returns:
        Fractional coordinates ``[B, N, 3]`` uniform in [0, 1) and stretch ``[B, 6]`` normal.
    """
    frac_coords = torch.zeros(len(natoms), max(natoms), 3)
    stretch = torch.zeros(len(natoms), LATTICE_FEATURES)
    for row, (n, seed) in enumerate(zip(natoms, seeds, strict=True)):
        random = torch.Generator().manual_seed(seed)
        frac_coords[row, :n] = torch.rand(n, 3, generator=random)
        stretch[row] = torch.randn(LATTICE_FEATURES, generator=random)
    return frac_coords, stretch


@torch.no_grad()
def integrate_flow(
    network: VelocityNetwork,
    atomic_numbers: Tensor,
    frac_coords: Tensor,
    stretch: Tensor,
    steps: int,
    guidance: Guidance | None = None,
    held: Sequence[HeldCrystal | None] = (),
    slope: float = ANNEALING_SLOPE,
) -> CrystalBatch:
    """Follow the flow from noise (t = 0) to crystals (t = 1) in equal Euler steps.

    Crystals that start later on their way take the steps that are left.

    Args:
        network: predicts the velocities.
        atomic_numbers: ``[B, N]`` int64, 0 where padded.
        frac_coords: ``[B, N, 3]`` noise.
        stretch: ``[B, 6]`` noise.
        steps: network evaluations over the whole way.
        guidance: a trained guidance energy and its weight; one more evaluation and its gradient
            in each step.
        held: what stands still in each crystal, with one start time for all; empty for nothing.
        slope: of the anti-annealing of what starts from noise, see ``ANNEALING_SLOPE``; a step
            never goes further than the way that is left.
    """
    mask = atomic_numbers > 0
    holding = FlowHolding(network, held, frac_coords, stretch, mask)
    frac_coords, stretch = holding.frac_coords, holding.stretch
    slope = 0.0 if holding.start_time else slope
    for step in range(round(holding.start_time * steps), steps):
        t = torch.full_like(stretch[:, 0], step / steps)
        velocity, stretch_velocity = network(atomic_numbers, frac_coords, stretch, mask, t)
        if guidance is not None:
            to_x, to_stretch = flow_guidance(
                guidance, network, atomic_numbers, frac_coords, stretch, mask, t
            )
            velocity, stretch_velocity = velocity + to_x, stretch_velocity + to_stretch
        # beyond 1 - t a step overshoots, and twice that diverges
        scale = min((1 + slope * step / steps) / steps, 1 - step / steps)
        after = (step + 1) / steps
        frac_coords = holding.moved(frac_coords, scale * velocity, step / steps, after)
        stretch = holding.stretched(stretch + stretch_velocity / steps, after)
    natoms = mask.sum(dim=1).to(stretch.dtype)
    lattice = holding.final_lattice(network.lattice(stretch, natoms))
    return CrystalBatch(atomic_numbers, frac_coords, lattice, mask)
