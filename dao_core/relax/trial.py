"""What the potential says about the trial geometry of every active crystal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dao_core.potentials.base import Potential
from dao_core.relax.active import ActiveCrystals
from dao_core.relax.constraints import Constraint


@dataclass(frozen=True)
class TrialPoint:
    """The evaluated trial of every active crystal.

    Attributes:
        variables: ``[A, 3 + N, 3]`` where.
        gradient: ``[A, 3 + N, 3]`` dH/dvariables, eV/angstrom.
        energy: ``[A]`` eV.
        enthalpy: ``[A]`` eV, with pV.
        energy_std: ``[A]`` eV/atom, NaN if unknown.
        max_force: ``[A]`` eV/angstrom.
        max_stress: ``[A]`` eV/angstrom^3.
        finite: ``[A]`` whether all of it is finite.
        errors: row -> why the potential refused that crystal.
    """

    variables: Tensor
    gradient: Tensor
    energy: Tensor
    enthalpy: Tensor
    energy_std: Tensor
    max_force: Tensor
    max_stress: Tensor
    finite: Tensor
    errors: Mapping[int, str]

    def refusing(self, rows: Sequence[int]) -> TrialPoint:
        """This point with some rows that are not to be accepted."""
        finite = self.finite.clone()
        finite[list(rows)] = False
        return replace(self, finite=finite)


def evaluate_trial(
    active: ActiveCrystals,
    potential: Potential,
    pressure: float,
    constraints: Mapping[int, Constraint],
) -> TrialPoint:
    """Evaluate ``active.trial`` in one call of the potential.

    Args:
        active: the crystals.
        potential: what to ask.
        pressure: external, eV/angstrom^3.
        constraints: position in the input -> what may not change; absent for free crystals.
    """
    variables = active.trial
    batch = active.crystals(variables)
    evaluation = potential.evaluate(batch)
    energy = evaluation.energy.detach().double().cpu()
    forces = evaluation.forces.detach().double().cpu() * batch.mask[..., None]
    stress = evaluation.stress.detach().double().cpu()
    finite = energy.isfinite() & _all_finite(forces) & _all_finite(stress)
    # A row that is not finite is never accepted; zeros keep it out of the linear algebra.
    forces = torch.where(finite[:, None, None], forces, 0.0)
    stress = torch.where(finite[:, None, None], stress, 0.0)
    stress = (stress + stress.mT) / 2 + pressure * torch.eye(3, dtype=torch.float64)
    forces, stress = _project(forces, stress, active, constraints)
    std = evaluation.energy_std
    return TrialPoint(
        variables=variables,
        gradient=active.variable_gradient(variables, forces, stress, batch.volume),
        energy=energy,
        enthalpy=energy + pressure * batch.volume,
        energy_std=torch.full_like(energy, torch.nan)
        if std is None
        else std.detach().cpu().double(),
        max_force=forces.norm(dim=2).amax(dim=1),
        max_stress=torch.linalg.eigvalsh(stress).abs().amax(dim=1),
        finite=finite,
        errors=evaluation.errors,
    )


def _all_finite(values: Tensor) -> Tensor:
    return values.isfinite().flatten(1).all(dim=1)


def _project(
    forces: Tensor, stress: Tensor, active: ActiveCrystals, constraints: Mapping[int, Constraint]
) -> tuple[Tensor, Tensor]:
    natoms = active.natoms.tolist()
    for row, index in enumerate(active.index.tolist()):
        constraint = constraints.get(index)
        if constraint is not None:
            n = natoms[row]
            forces[row, :n], stress[row] = constraint.project(forces[row, :n], stress[row])
    return forces, stress
