"""Which cells a campaign fills: those that are asked for, and those that its hull needs."""

from __future__ import annotations

from dao_core.potentials import Domain
from dao_core.search.compositions import CompositionCell, Target, enumerate_compositions
from dao_core.search.request import SearchRequest
from dao_core.search.rounds import budgets

SYSTEM_ATOMS = 12
"""Largest cell of a whole chemical system if nothing is said: most stable phases have fewer."""
REFERENCE_ATOMS = 8
"""Largest cell of a phase that is only there to compete on the hull."""
FIRST_ATOMS = 8
"""Largest cell of the first round where a composition has a smaller one."""
ANY_SIZE = 100_000


def wanted_cells(target: Target, request: SearchRequest, domain: Domain) -> list[CompositionCell]:
    """The cells to fill. What is named outright is kept even beyond the domain.

    Raises:
        InputError: The target cannot be enumerated.
    """
    largest = domain.max_atoms or ANY_SIZE
    if request.max_atoms:
        return enumerate_compositions(target, request.z, request.max_atoms)
    if target.is_system:
        return enumerate_compositions(target, request.z, min(SYSTEM_ATOMS, largest))
    cells = enumerate_compositions(target, request.z, ANY_SIZE)
    if request.z != "auto":
        return cells
    fitting = [cell for cell in cells if cell.natoms <= largest]
    lost = {cell.formula for cell in cells} - {cell.formula for cell in fitting}
    smallest = [next(cell for cell in cells if cell.formula == formula) for formula in sorted(lost)]
    return fitting + smallest


def first_cells(cells: list[CompositionCell], request: SearchRequest) -> list[CompositionCell]:
    """The cells of the first round: small ones, unless sizes are asked for; others come later."""
    if request.z != "auto" or len(budgets(request)) == 1:
        return cells
    smallest: dict[str, int] = {}
    for cell in cells:
        smallest[cell.formula] = min(cell.natoms, smallest.get(cell.formula, cell.natoms))
    return [cell for cell in cells if cell.natoms <= max(FIRST_ATOMS, smallest[cell.formula])]


def reference_cells(target: Target, cells: list[CompositionCell]) -> list[CompositionCell]:
    """Small cells of the other compositions of the chemical system, for the hull of formulas."""
    if target.is_system:
        return []
    asked = {cell.formula for cell in cells}
    system = Target(target.elements, ())
    return [
        cell
        for cell in enumerate_compositions(system, "auto", REFERENCE_ATOMS)
        if cell.formula not in asked
    ]
