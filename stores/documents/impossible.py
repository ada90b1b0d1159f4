"""Numbers of a label that no calculation of its crystal can have given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from pymatgen.core import Composition

THOMAS_FERMI_EV = 20.92
"""Energy of an atom: about -20.92 Z^(7/3) eV (0.7687 hartree: Lieb, Rev. Mod. Phys. 53, 603)."""
MARGIN = 1.3
"""Light atoms and relativity go beyond Thomas-Fermi by less: hydrogen needs 0.8, oganesson 1.1."""
HIGHEST_ENERGY = 1000.0
"""eV/atom: crystals that pass the validity check are repelled by far less."""
HIGHEST_DIFFERENCE = 1000.0
"""eV/atom of a formation energy or of an energy above a hull, eV of a gap."""
DIFFERENCES = ("formation_energy_per_atom", "energy_above_hull", "band_gap")


def impossible_reason(stored: Mapping[str, Any]) -> str | None:
    """Why a label cannot be, or None.

    Args:
        stored: fields of a label with its ``formula``; absent ones are not looked at, nor parts
            that lie in the blobs. ``nsites`` says how many forces there must be.

    Returns:
        A short word and, after a colon, details; never raises for what is stored.
    """
    for name in DIFFERENCES:
        value = stored.get(name)
        if value is not None and not _is_within(value, -HIGHEST_DIFFERENCE, HIGHEST_DIFFERENCE):
            return f"impossible_{name}: {value!r}"
    energy = stored.get("energy_per_atom")
    lowest = lowest_energy(stored["formula"]) if energy is not None else 0.0
    if energy is not None and not _is_within(energy, lowest, HIGHEST_ENERGY):
        return f"impossible_energy: {energy!r} eV/atom"
    forces = _array_reason(stored, "forces", (stored.get("nsites"), 3))
    return forces or _array_reason(stored, "stress", (3, 3))


@lru_cache(maxsize=4096)
def lowest_energy(formula: str) -> float:
    """eV/atom below which no energy of a composition can lie, all electrons included."""
    composition = Composition(formula)
    total = sum(n * element.Z ** (7 / 3) for element, n in composition.element_composition.items())
    return -MARGIN * THOMAS_FERMI_EV * total / composition.num_atoms


def _is_within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low <= value <= high


def _array_reason(
    stored: Mapping[str, Any], name: str, shape: tuple[int | None, int]
) -> str | None:
    value = stored.get(name)
    if value is None or isinstance(value, Mapping):
        return None
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f"impossible_{name}: not a table of numbers"
    if array.shape != (shape[0] or len(array), shape[1]):
        return f"impossible_{name}: shape {list(array.shape)} where {list(shape)} is needed"
    return None if np.isfinite(array).all() else f"impossible_{name}: not finite"
