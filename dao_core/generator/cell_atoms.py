"""The atoms of one cell from its composition, checked before anything is sampled."""

from __future__ import annotations

from pymatgen.core import Composition, DummySpecies

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER
from dao_core.errors import InputError

MOST_ATOMS = 10_000
"""No network takes more; an amount beyond is a slip, not a cell."""


def atoms_of_cell(composition: Composition) -> list[int]:
    """Atomic numbers of a whole cell, ascending.

    Args:
        composition: integer amounts; charges are ignored.

    Raises:
        InputError: it is empty or no composition, an amount is no whole number from 1 to
            :data:`MOST_ATOMS`, or an element is unknown.
    """
    if not isinstance(composition, Composition):
        raise InputError(f'{composition!r} is no composition; write Composition("MgO")')
    amounts = composition.items()
    if not amounts or any(amount != round(amount) or amount < 1 for _, amount in amounts):
        raise InputError(f"{composition}: a cell needs whole numbers of atoms")
    if sum(amount for _, amount in amounts) > MOST_ATOMS:
        raise InputError(f"{composition}: more than {MOST_ATOMS} atoms in one cell")
    unknown = sorted(
        str(element)
        for element in composition
        if isinstance(element, DummySpecies) or element.Z > MAX_ATOMIC_NUMBER
    )
    if unknown:
        raise InputError(
            f"{composition}: {', '.join(unknown)} is no element up to Z = {MAX_ATOMIC_NUMBER}"
        )
    return sorted(z for element, amount in amounts for z in [element.Z] * round(amount))
