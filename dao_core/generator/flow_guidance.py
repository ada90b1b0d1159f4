"""How the gradient of an energy bends the velocities of flow matching."""

from __future__ import annotations

from torch import Tensor

from dao_core.generator.guidance import Guidance
from dao_core.generator.velocity import VelocityNetwork

UNIFORM_VARIANCE = 1 / 12
"""Variance of coordinates uniform on the torus, where the stretch starts with one."""
EARLIEST = 0.05
"""Before this time the factor (1 - t) / t is cut: noise has no gradient worth dividing by t."""


def flow_guidance(
    guidance: Guidance,
    network: VelocityNetwork,
    atomic_numbers: Tensor,
    frac_coords: Tensor,
    stretch: Tensor,
    mask: Tensor,
    t: Tensor,
) -> tuple[Tensor, Tensor]:
    """What guidance adds to the velocities of coordinates ``[B, N, 3]`` and stretch ``[B, 6]``.

    On a straight path x_t = (1 - t) x_0 + t x_1 from a Gaussian of variance s^2 the velocity that
    samples p(x_1) exp(-w E) is v - w s^2 (1 - t) / t dE_t/dx (Lipman et al., Flow Matching Guide
    and Code, arXiv 2412.06264, section 4.8: velocity from score). For the stretch this is exact;
    coordinates, which start uniform, take the variance of the uniform distribution. Arguments as
    for :func:`dao_core.generator.sampling.integrate_flow`.
    """
    numbers = stretch * network.stretch_std + network.stretch_mean
    to_x, to_numbers = guidance.gradients(atomic_numbers, frac_coords, numbers, mask, t)
    factor = ((1 - t) / t.clamp_min(EARLIEST))[:, None]
    return -UNIFORM_VARIANCE * factor[..., None] * to_x, -factor * network.stretch_std * to_numbers
