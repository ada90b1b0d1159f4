"""One step of every active crystal: judge the evaluated trial, then choose the next."""

from __future__ import annotations

import torch
from torch import Tensor

from dao_core.relax.active import ActiveCrystals
from dao_core.relax.lbfgs import acceptable, cap, descent_direction, dot, shorter
from dao_core.relax.trial import TrialPoint

NOISE_PER_ATOM = 2e-6
"""eV/atom that single precision cannot resolve."""
REJECTIONS_BEFORE_RESTART = 3
MAX_REJECTIONS = 9
"""By then a step is at most 1/512 of the first: no descent is left that the potential resolves."""


def advance(active: ActiveCrystals, trial: TrialPoint, max_step: float) -> None:
    """Accept or reject each trial and set the next one; changes ``active`` in place.

    Args:
        active: the crystals.
        trial: the evaluation of ``active.trial``.
        max_step: longest move, angstrom.
    """
    first = torch.isinf(active.enthalpy)
    decrease = active.enthalpy - trial.enthalpy
    new_slope = dot(trial.gradient, active.direction)
    noise = NOISE_PER_ATOM * active.natoms
    accepted = trial.finite & (
        first | acceptable(decrease, active.step_length, active.slope, new_slope, noise)
    )
    rejected = trial.finite & ~accepted
    active.steps = active.steps + (trial.finite & torch.isfinite(active.first_energy))
    active.first_energy = torch.where(
        active.first_energy.isnan() & accepted, trial.energy, active.first_energy
    )
    _remember(active, trial, accepted & ~first)
    _move(active, trial, accepted)
    _shorten(active, decrease, rejected)
    restart = rejected & (active.rejections == REJECTIONS_BEFORE_RESTART)
    _forget(active, restart)
    _aim(active, accepted | restart, max_step)


def _remember(active: ActiveCrystals, trial: TrialPoint, rows: Tensor) -> None:
    """Append (step, change of gradient) where its curvature is positive."""
    step = trial.variables - active.position
    change = trial.gradient - active.gradient
    curvature = dot(step, change)
    size = (dot(step, step) * dot(change, change)).sqrt()
    rows = rows & (curvature > 1e-8 * size)
    inverse = 1 / torch.where(rows, curvature, torch.ones_like(curvature))
    for name, latest in (
        ("steps_taken", step),
        ("gradient_changes", change),
        ("inverse_curvatures", inverse),
    ):
        old = getattr(active, name)
        shifted = torch.cat([old[:, 1:], latest[:, None]], dim=1)
        setattr(active, name, _where(rows, shifted, old))


def _move(active: ActiveCrystals, trial: TrialPoint, rows: Tensor) -> None:
    active.position = _where(rows, trial.variables, active.position)
    for name in ("gradient", "energy", "enthalpy", "energy_std", "max_force", "max_stress"):
        setattr(active, name, _where(rows, getattr(trial, name), getattr(active, name)))
    active.rejections = torch.where(rows, 0, active.rejections)


def _shorten(active: ActiveCrystals, decrease: Tensor, rows: Tensor) -> None:
    step_length = shorter(decrease, active.step_length, active.slope)
    active.step_length = torch.where(rows, step_length, active.step_length)
    active.rejections = active.rejections + rows


def _forget(active: ActiveCrystals, rows: Tensor) -> None:
    active.inverse_curvatures = _where(
        rows, torch.zeros_like(active.inverse_curvatures), active.inverse_curvatures
    )


def _aim(active: ActiveCrystals, rows: Tensor, max_step: float) -> None:
    """A new direction for ``rows``; one that does not descend forgets its history."""
    direction = _direction(active)
    uphill = rows & ~(dot(direction, active.gradient) < 0)
    if uphill.any():
        _forget(active, uphill)
        direction = _direction(active)
    direction = cap(direction, active.natoms, max_step)
    active.direction = _where(rows, direction, active.direction)
    active.slope = torch.where(rows, dot(direction, active.gradient), active.slope)
    active.step_length = torch.where(rows, 1.0, active.step_length)


def _direction(active: ActiveCrystals) -> Tensor:
    return descent_direction(
        active.gradient, active.steps_taken, active.gradient_changes, active.inverse_curvatures
    )


def _where(rows: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(rows.view(-1, *[1] * (yes.dim() - 1)), yes, no)
