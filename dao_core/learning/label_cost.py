"""What a label is expected to cost, before it is computed."""

from __future__ import annotations

ATOMS_POWER = 2.5
"""Of the number of atoms, in the price of one energy by plane waves; between 2 and 3 the choice
changes by .03 of what is found."""
STEP = 0.7
"""Of a further ionic step in units of the first, which begins without wavefunctions."""
USUAL_STEPS = 8
"""Ionic steps of a relaxation from a surrogate's minimum, before any was seen."""


def static_cost(natoms: int) -> float:
    """Of a single point, in units of a cell of one atom."""
    return float(natoms**ATOMS_POWER)


def relaxation_cost(natoms: int, steps: float = USUAL_STEPS) -> float:
    """Of a relaxation with so many ionic steps, in the same unit."""
    return static_cost(natoms) * (1 + STEP * steps)
