"""How many atoms are put into which supercell of a framework."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pymatgen.core import Element, Structure

from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError

SUPERCELLS = ((1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2))
"""Cells in which an amount that is not whole in one cell may be."""
MOST = 24
"""Atoms of the filling per atom of the framework; no hydride is known beyond half of that."""


@dataclass(frozen=True)
class Filling:
    """One cell to be filled.

    Attributes:
        framework: the atoms that are held, in the supercell.
        symbol: element of the filling.
        number: its atoms in the supercell.
    """

    framework: Structure
    symbol: str
    number: int

    @property
    def per_framework_atom(self) -> float:
        """Atoms of the filling per atom of the framework."""
        return self.number / len(self.framework)


def fillings(
    framework: Structure, symbol: str, lowest: float, highest: float, max_atoms: int
) -> list[Filling]:
    """Every amount between two, in the smallest supercell in which it is whole.

    Args:
        framework: atoms that are held, without the filling's element.
        symbol: element of the filling.
        lowest: its atoms per cell of the framework, at least ...
        highest: ... and at most; 9.5 needs a supercell of two.
        max_atoms: largest cell.

    Raises:
        InputError: the framework has overlapping atoms or holds the element, the amounts are not
            positive, beyond all that is known, or need a larger cell than ``max_atoms``.
    """
    _check(framework, symbol, lowest, highest)
    found: dict[float, Filling] = {}
    for size in SUPERCELLS:
        cells = math.prod(size)
        room = max_atoms - cells * len(framework)
        for number in range(
            math.ceil(lowest * cells - 1e-9), math.floor(highest * cells + 1e-9) + 1
        ):
            if number <= room:
                found.setdefault(number / cells, Filling(framework * size, symbol, number))
        if found:
            # A range is scanned in the smallest cell that has amounts in it.
            break
    if not found:
        raise InputError(
            f"no supercell of {framework.formula} holds {lowest:g} to {highest:g} {symbol} within "
            f"{max_atoms} atoms; ask for a whole number per cell, or a smaller cell"
        )
    return [found[amount] for amount in sorted(found)]


def _check(framework: Structure, symbol: str, lowest: float, highest: float) -> None:
    if not Element.is_valid_symbol(symbol):
        raise InputError(f"{symbol!r} is not an element")
    reason = invalid_reason(framework, max_volume_factor=math.inf)
    if reason:
        raise InputError(f"the framework {framework.formula} cannot be used: {reason}")
    if Element(symbol) in framework.elements:
        raise InputError(
            f"the framework {framework.formula} holds {symbol} itself; take those atoms out first"
        )
    if not 0 < lowest <= highest:
        raise InputError(
            f"{lowest:g} to {highest:g} {symbol} per cell: give positive, rising numbers"
        )
    if highest > MOST * len(framework):
        raise InputError(
            f"{highest:g} {symbol} in a cell of {len(framework)} framework atoms: more than {MOST} "
            "per atom is beyond every known crystal"
        )
