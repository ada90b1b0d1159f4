"""Whether a crystal can be used at all; apart from the tensors, so that asking loads no torch."""

from __future__ import annotations

import numpy as np
from pymatgen.core import Structure

MAX_ATOMIC_NUMBER = 100
"""Elements beyond fermium have no entry in any element table used here."""


def unusable_reason(structure: Structure) -> str | None:
    """Why ``structure`` cannot be a tensor, or None if it can."""
    if len(structure) == 0:
        return "it has no atoms"
    if not structure.is_ordered:
        return "it is disordered (a site is shared or partly empty)"
    if not (
        np.isfinite(structure.frac_coords).all() and np.isfinite(structure.lattice.matrix).all()
    ):
        return "a coordinate or lattice vector is not a finite number"
    if structure.volume < 1e-3:
        return "its cell has no volume"
    if max(structure.atomic_numbers) > MAX_ATOMIC_NUMBER:
        return f"it holds an element beyond Z = {MAX_ATOMIC_NUMBER}"
    if min(structure.atomic_numbers) < 1:
        return "a site is not an element"
    return None
