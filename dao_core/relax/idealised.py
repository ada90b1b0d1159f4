"""Relaxed crystals put onto the symmetry that they nearly have, where that costs no energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dao_core.crystal.symmetry import SymmetrisedCrystal, symmetrise
from dao_core.potentials import Potential
from dao_core.relax.relax import relax
from dao_core.relax.result import Relaxation
from dao_core.relax.settings import RelaxSettings

WORTH_IT = 0.02
"""Angstrom: where no atom is further from its ideal place, relaxing again would change nothing."""
RISE = 1e-4
"""eV/atom that the idealised crystal may lie higher: what two relaxations of one minimum differ."""


def idealised(
    relaxations: Sequence[Relaxation], potential: Potential, settings: RelaxSettings
) -> list[Relaxation]:
    """Symmetrise relaxed crystals, relax them again within that symmetry, keep what is not higher.

    Args:
        relaxations: results of :func:`dao_core.relax.relax` with ``settings``.
        potential: the same.
        settings: the same.

    Returns:
        For each the relaxation of the idealised primitive cell if its enthalpy per atom did not
        rise, else the relaxation as it was. Steps count both.
    """
    crystals = {
        index: crystal
        for index, relaxation in enumerate(relaxations)
        if relaxation.converged and (crystal := _nearly(relaxation)) is not None
    }
    again = relax(
        [crystal.structure for crystal in crystals.values()],
        potential,
        replace(settings, fix_symmetry=True),
    )
    results = list(relaxations)
    for index, ideal in zip(crystals, again, strict=True):
        before = relaxations[index]
        if ideal.converged and not _higher(ideal, before):
            results[index] = replace(
                ideal,
                energy_per_atom_before=before.energy_per_atom_before,
                steps=before.steps + ideal.steps,
                outside_domain=before.outside_domain,
            )
    return results


def _nearly(relaxation: Relaxation) -> SymmetrisedCrystal | None:
    """The idealised crystal where it differs from the relaxed one."""
    crystal = symmetrise(relaxation.structure)
    worth = crystal.displacement > WORTH_IT and crystal.space_group_number > 1
    return crystal if worth else None


def _higher(ideal: Relaxation, before: Relaxation) -> bool:
    one, other = ideal.enthalpy_per_atom, before.enthalpy_per_atom
    return one is None or other is None or one > other + RISE
