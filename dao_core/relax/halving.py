"""Which relaxations are not worth their end: successive halving of an energy window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from pymatgen.core import Structure

from dao_core.relax.active import ActiveCrystals

RUNGS = {8: 0.4, 16: 0.2, 32: 0.1}
"""After how many steps a crystal is judged, and how far above the best of its composition (eV/atom)
it may end: half as far at each rung."""


class Halving:
    """The lowest enthalpies so far, against which the crystals of a relaxation are judged.

    A crystal is hopeless if it would stay above the window even if it came down once more by all
    that it gained since the rung before. (After K. Jamieson and A. Talwalkar, "Non-stochastic best
    arm identification", AISTATS 2016; with a window instead of a quota, so that a lone good
    crystal is never stopped and a field of equals neither.)
    """

    def __init__(self, structures: Sequence[Structure], best: Mapping[str, float]) -> None:
        """Judge ``structures`` against each other and against ``best``.

        Args:
            structures: the crystals to be relaxed, by position.
            best: the lowest known enthalpy, eV/atom, by reduced formula.
        """
        self._formulas = [s.composition.reduced_formula for s in structures]
        self._best = dict(best)
        self._before: dict[int, float] = {}

    def hopeless(self, active: ActiveCrystals) -> list[int]:
        """Rows that end here; to be asked once after each step."""
        per_atom = (active.enthalpy / active.natoms).tolist()
        indices, steps = active.index.tolist(), active.steps.tolist()
        finite = torch.isfinite(active.enthalpy).tolist()
        for row, index in enumerate(indices):
            if finite[row]:
                formula = self._formulas[index]
                self._best[formula] = min(per_atom[row], self._best.get(formula, per_atom[row]))
                self._before.setdefault(index, per_atom[row])
        return [
            row
            for row, index in enumerate(indices)
            if finite[row] and steps[row] in RUNGS and self._judge(index, per_atom[row], steps[row])
        ]

    def _judge(self, index: int, enthalpy: float, steps: int) -> bool:
        """Whether a crystal at a rung is hopeless; remembers where it stood."""
        gained = self._before[index] - enthalpy
        self._before[index] = enthalpy
        return enthalpy - gained > self._best[self._formulas[index]] + RUNGS[steps]
