"""The potential that guards another against its own holes: DAO-P, which has none."""

from __future__ import annotations

import importlib
from functools import lru_cache

from dao_core.potentials.base import Potential


def second_opinion(potential: Potential, pressure: float = 0.0) -> Potential | None:
    """What judges the ends of relaxations by a potential, see :func:`dao_core.relax.relax`.

    Args:
        potential: relaxes.
        pressure: GPa.

    Returns:
        The shipped DAO-P; None for itself, for energies of an unknown zero, and beyond the pressure
        that it is fit for.
    """
    if potential.domain.lowest_energy is None or potential.level.startswith("dao-p@"):
        return None
    guard = _dao_p()
    return guard if pressure <= (guard.domain.max_pressure or 0.0) else None


@lru_cache(maxsize=1)
def _dao_p() -> Potential:
    # DAO-P is itself a Potential and imports this package; at the top this would be a circle.
    guard: Potential = importlib.import_module("dao_core.predictor").load_predictor()
    return guard
