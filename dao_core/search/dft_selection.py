"""Which structures of a ranking are worth DFT, and which phases must stand beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from dao_core.elements.ground_states import element_structure
from dao_core.errors import InputError
from dao_core.hull import ON_HULL
from dao_core.search.result import RankedCrystal
from dao_core.search.selection import DftCandidate, choose_for_dft

Row = TypeVar("Row", bound=RankedCrystal)


def select_for_dft(ranking: Sequence[Row], budget: int) -> list[Row]:
    """The most promising structures of a ranking, see :mod:`dao_core.search.selection`.

    Elements are left out where there are compounds: they are computed as corners of the hull.

    Args:
        ranking: Best first.
        budget: How many.
    """
    compounds = [row for row in ranking if _elements(row) > 1] or list(ranking)
    candidates = [
        DftCandidate(row.relaxed(), row.energy_above_hull, row.energy_std, row.novel)
        for row in compounds
    ]
    return [compounds[index] for index in choose_for_dft(candidates, budget)]


def competing_phases(
    ranking: Sequence[Row], selected: Sequence[Row], pressure: float = 0.0
) -> list[Row]:
    """Phases of a ranking that the hull of the selected ones needs.

    These are the compounds on the hull that were not selected, and the best crystal of each
    element whose ground state is not known otherwise; that of every element under pressure.

    Args:
        ranking: Best first.
        selected: Those that are checked.
        pressure: At which the ranking was made, GPa.
    """
    chosen = {row.candidate_id for row in selected}
    phases: dict[str, Row] = {}
    for row in sorted(ranking, key=lambda row: row.energy_per_atom):
        stable = row.energy_above_hull is not None and row.energy_above_hull <= ON_HULL
        unknown = _is_unknown_element(row) or (pressure > 0 and _elements(row) == 1)
        needed = unknown or (_elements(row) > 1 and stable)
        if needed and row.candidate_id not in chosen:
            phases.setdefault(row.formula, row)
    return list(phases.values())


def _elements(row: RankedCrystal) -> int:
    return len(row.relaxed().composition.elements)


def _is_unknown_element(row: RankedCrystal) -> bool:
    if _elements(row) > 1:
        return False
    try:
        element_structure(row.relaxed().composition.elements[0].symbol)
    except InputError:
        return True
    return False
