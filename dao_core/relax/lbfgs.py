"""Directions and acceptance of limited-memory BFGS, for many crystals at once.

Every quantity has a row per crystal and no operation mixes rows. Equations: Nocedal and Wright,
Numerical Optimization (2006), algorithm 7.4; approximate Wolfe condition: Hager and Zhang,
SIAM J. Optim. 16, 170 (2005), equation 4.1.
"""

from __future__ import annotations

import torch
from torch import Tensor

MEMORY = 10
"""Pairs of (step, change of gradient) that are kept."""
SUFFICIENT_DECREASE = 1e-4
CURVATURE_SLACK = 0.8
STIFFNESS = 20.0
"""eV/angstrom^2, the curvature assumed before any is known: between soft and stiff crystals."""


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner product of each crystal's variables: ``[A, 3 + N, 3]`` -> ``[A]``."""
    return (a * b).sum(dim=(-2, -1))


def descent_direction(
    gradient: Tensor, steps: Tensor, changes: Tensor, inverse_curvatures: Tensor
) -> Tensor:
    """The quasi-Newton direction -H g (two-loop recursion).

    Args:
        gradient: ``[A, 3 + N, 3]``.
        steps: ``[A, M, 3 + N, 3]`` past steps, oldest first.
        changes: ``[A, M, 3 + N, 3]`` the gradient's change along each.
        inverse_curvatures: ``[A, M]`` 1 / (step . change), 0 where there is no such pair yet.

    Returns:
        ``[A, 3 + N, 3]``; steepest descent over :data:`STIFFNESS` for a crystal without history.
    """
    memory = steps.shape[1]
    q = gradient.clone()
    alphas = []
    for k in reversed(range(memory)):
        alpha = inverse_curvatures[:, k] * dot(steps[:, k], q)
        q -= alpha[:, None, None] * changes[:, k]
        alphas.append(alpha)
    latest = inverse_curvatures[:, -1]
    known = latest > 0
    norm = dot(changes[:, -1], changes[:, -1])
    scale = torch.where(
        known, 1 / torch.where(known, latest * norm, torch.ones_like(norm)), 1 / STIFFNESS
    )
    q *= scale[:, None, None]
    for k, alpha in zip(range(memory), reversed(alphas), strict=True):
        beta = inverse_curvatures[:, k] * dot(changes[:, k], q)
        q += (alpha - beta)[:, None, None] * steps[:, k]
    return -q


def cap(direction: Tensor, natoms: Tensor, longest: float) -> Tensor:
    """Shorten each crystal's direction so that nothing in it moves further than ``longest``.

    The three strain rows count as the move of an average atom, which makes the cap the same for a
    cell and its supercells.

    Args:
        direction: ``[A, 3 + N, 3]`` angstrom, strain rows first.
        natoms: ``[A]``.
        longest: angstrom.
    """
    cell = direction[:, :3].flatten(1).norm(dim=1) / natoms.sqrt()
    atoms = direction[:, 3:].norm(dim=2).amax(dim=1)
    length = torch.maximum(cell, atoms)
    return direction * (longest / length.clamp(min=longest))[:, None, None]


def acceptable(
    decrease: Tensor, step_length: Tensor, slope: Tensor, new_slope: Tensor, noise: Tensor
) -> Tensor:
    """Whether a trial point may be taken: it is lower, or level within noise and less steep.

    Args:
        decrease: ``[A]`` energy before minus energy at the trial, eV.
        step_length: ``[A]`` fraction of the direction that was tried.
        slope: ``[A]`` derivative along the direction at its start (negative).
        new_slope: ``[A]`` the same at the trial.
        noise: ``[A]`` eV, differences that the potential's precision cannot resolve.

    Returns:
        ``[A]`` bool; False where anything is not finite.
    """
    lower = decrease >= -SUFFICIENT_DECREASE * step_length * slope
    level = (decrease >= -noise) & (new_slope.abs() <= CURVATURE_SLACK * slope.abs())
    return lower | level


def shorter(decrease: Tensor, step_length: Tensor, slope: Tensor) -> Tensor:
    """The next step length after a rejection: minimum of the parabola, between 1/10 and 1/2."""
    parabola = -slope * step_length**2 / (2 * (-decrease - slope * step_length))
    parabola = torch.where(torch.isfinite(parabola), parabola, 0.0)
    return torch.clamp(parabola, min=0.1 * step_length, max=0.5 * step_length)
