"""Element properties as numbers: the frozen table that lets chemistry carry over between elements.

The published Crysformer reads each element as a 92-number vector (CGCNN, Xie and Grossman,
Phys. Rev. Lett. 120, 145301, 2018): one-hot bins of group, period, electronegativity, covalent
radius, valence electrons, ionisation energy, electron affinity, block and atomic volume. The same
nine properties are binned here from pymatgen's and ASE's tables.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from ase.data import covalent_radii
from pymatgen.core import Element
from torch import Tensor

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER

ELEMENT_FEATURES = 92
NOBLE_GASES = frozenset({2, 10, 18, 36, 54, 86})


@cache
def element_table() -> Tensor:
    """One-hot property bins of every element, ``[101, 92]`` float32; row 0 (padding) is zero."""
    table = np.zeros((MAX_ATOMIC_NUMBER + 1, ELEMENT_FEATURES), dtype=np.float32)
    for z in range(1, MAX_ATOMIC_NUMBER + 1):
        column = 0
        for bin_index, bins in _property_bins(Element.from_Z(z)):
            if bin_index is not None:
                table[z, column + bin_index] = 1.0
            column += bins
        assert column == ELEMENT_FEATURES  # noqa: S101 - the layout itself, not an input
    return torch.from_numpy(table)


def _property_bins(element: Element) -> list[tuple[int | None, int]]:
    """(bin, number of bins) of the nine properties; None where a property is not tabulated."""
    data = element.data
    volume = data.get("Molar volume")
    affinity = data.get("Electron affinity")
    electronegativity = data.get("X")
    return [
        (element.group - 1, 18),
        (element.row - 1, 8),
        (_bin(electronegativity, 0.5, 4.0, 10), 10),
        (_bin(covalent_radii[element.Z] * 100, 25, 250, 10), 10),
        (_valence_electrons(element) - 1, 12),
        (_bin(_log(element.ionization_energy), 1.3, 3.3, 10), 10),
        (_bin(affinity, -3.0, 3.7, 10), 10),
        ("spdf".index(element.block), 4),
        (_bin(_log(volume), 1.5, 4.3, 10), 10),
    ]


def _valence_electrons(element: Element) -> int:
    """Electrons outside the noble-gas core without filled d and f shells, 1 to 12."""
    group = element.group
    count = group if group <= 12 else group - 10
    return min(max(count, 1), 12)


def _log(value: float | None) -> float | None:
    return float(np.log(value)) if value is not None and value > 0 else None


def _bin(value: float | None, low: float, high: float, bins: int) -> int | None:
    if value is None or not np.isfinite(value):
        return None
    return int(np.clip((float(value) - low) / (high - low) * bins, 0, bins - 1))
