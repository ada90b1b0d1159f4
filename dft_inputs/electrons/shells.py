"""How far the shells of an atom reach, by Slater's rules (Slater, Phys. Rev. 36, 57 (1930))."""

from __future__ import annotations

import math
from functools import cache

from pymatgen.core import Element

from dao_core.units import BOHR_ANGSTROM

_EFFECTIVE = {1: 1.0, 2: 2.0, 3: 3.0, 4: 3.7, 5: 4.0, 6: 4.2, 7: 4.3}
"""Slater's effective principal quantum numbers."""
_SAME, _SAME_FIRST, _ONE_BELOW, _DEEPER = 0.35, 0.30, 0.85, 1.0
"""Screening by one electron of the same group, of the shell below, and of those below that."""


@cache
def core_radius(symbol: str) -> float:
    """Where the core of an atom ends and its valence shell begins, angstrom; 0 without a core.

    The geometric mean of the radii of the outermost shell and the one below. It only tells an ELF
    maximum of a core shell from one of the valence, which lie far apart.
    """
    element = Element(symbol)
    outer = max(n for n, letter, _ in element.full_electronic_structure if letter in "sp")
    if outer == 1:
        return 0.0
    return math.sqrt(_shell_radius(element, outer) * _shell_radius(element, outer - 1))


def _shell_radius(element: Element, n: int) -> float:
    """Maximum of the radial density of the s and p electrons of a shell, angstrom."""
    shells = element.full_electronic_structure
    group = sum(count for m, letter, count in shells if m == n and letter in "sp")
    below = sum(count for m, _, count in shells if m == n - 1)
    deeper = sum(count for m, _, count in shells if m < n - 1)
    same = _SAME_FIRST if n == 1 else _SAME
    charge = element.Z - same * (group - 1) - _ONE_BELOW * below - _DEEPER * deeper
    return _EFFECTIVE[n] ** 2 / charge * BOHR_ANGSTROM
