"""The cell in which a crystal is computed, and the hash that tells repeated crystals."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
from pymatgen.core import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from dao_core.hashing import text_hash

SYMPREC = 1e-3
"""Tolerance (angstrom) that mends rounding but does not change a crystal."""

_DECIMALS = 4
"""Crystals that differ by less are the same: rounding, not geometry."""


def canonical_cell(structure: Structure) -> Structure:
    """Standard primitive cell of a crystal; with moments, the cell as it is given.

    Args:
        structure: Crystal.

    Returns:
        The cell; moments would be lost, and their order broken, by a smaller one.
    """
    if any(structure.site_properties.get("magmom") or []):
        return structure.copy()
    analyzer = SpacegroupAnalyzer(structure, symprec=SYMPREC)
    return analyzer.get_primitive_standard_structure().get_sorted_structure()


def structure_hash(structure: Structure) -> str:
    """Hash of a crystal that does not depend on its cell, origin and order of atoms.

    Args:
        structure: Crystal.

    Returns:
        Twenty hexadecimal digits.
    """
    cell = canonical_cell(structure)
    symbols = [site.specie.symbol for site in cell]
    moments = list(cell.site_properties.get("magmom") or [0.0] * len(cell))
    counts = Counter(symbols)
    rarest = min(counts, key=lambda symbol: (counts[symbol], symbol))
    # Every atom of the rarest element is tried as the origin: the first in order is the hash.
    tables = [
        _table(symbols, moments, cell.frac_coords - cell.frac_coords[index])
        for index, symbol in enumerate(symbols)
        if symbol == rarest
    ]
    lattice = [round(x, _DECIMALS) for x in (*cell.lattice.abc, *cell.lattice.angles)]
    content = json.dumps([lattice, min(tables)])
    return text_hash(content)


def _table(
    symbols: list[str], moments: list[float], frac_coords: np.ndarray
) -> list[list[str | float]]:
    wrapped = np.round(frac_coords, _DECIMALS) % 1.0
    rows = zip(symbols, moments, wrapped.tolist(), strict=True)
    return sorted([symbol, round(float(m or 0), 2), *row] for symbol, m, row in rows)
