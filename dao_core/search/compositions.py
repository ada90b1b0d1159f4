"""Compositions and cell sizes that a search tries."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import Literal

from pymatgen.core import Composition

from dao_core.errors import DomainError, InputError
from dao_core.search.stoichiometry import stoichiometries
from dao_core.search.target import Formula, Target, parse_target

__all__ = ["CompositionCell", "Target", "enumerate_compositions", "parse_target"]

logger = logging.getLogger(__name__)

AUTO_Z = (1, 2, 3, 4, 6, 8)
"""Formula units per primitive cell that ``auto`` tries; 99 % of the MP-20 validation set has one of
them."""
MAX_COMPOUNDS = 300
"""Compounds of the largest enumeration; of larger systems the most plausible ones are kept."""
MAX_ELEMENTS = 7
"""Elements of the largest chemical system that is enumerated."""
SIZE_PENALTY = 0.2
"""Logarithm of plausibility that one more atom in the formula unit costs; a choice, which keeps
LiFePO4 among the compositions of Fe-Li-O-P."""


@dataclass(frozen=True)
class CompositionCell:
    """One composition with the size of its cell.

    Attributes:
        formula: reduced formula as pymatgen writes it, e.g. ``Cr3Os``, ``O2``, ``Li2O2``.
        z: formula units per cell.
        composition: all atoms of the cell, e.g. ``Cr6 Os2``.
        natoms: atoms per cell.
    """

    formula: str
    z: int
    composition: Composition
    natoms: int


def enumerate_compositions(
    target: Target, z: Literal["auto"] | tuple[int, ...] = "auto", max_atoms: int = 20
) -> list[CompositionCell]:
    """Every composition and cell size of a target, elements first, simple before complex.

    A chemical system gives its elements and all charge-balanced or metallic compositions of its
    subsystems; formulas give themselves. A formula written for a cell (``Cr6Os2``) keeps that cell
    unless ``z`` names others. Stoichiometry and number of atoms are exact.

    Args:
        target: from :func:`dao_core.search.target.parse_target`.
        z: formula units per cell, or ``auto``: all of ``AUTO_Z`` that fit.
        max_atoms: largest cell, the domain of the model that is to fill it.

    Raises:
        InputError: ``z`` is empty or not positive, or the system has more than seven elements.
        DomainError: a formula that was asked for, or all of a system, does not fit into
            ``max_atoms``.
    """
    if z != "auto" and (not z or min(z) < 1):
        raise InputError(f"Z must be auto or positive whole numbers, not {z}")
    if not target.is_system:
        cells = [cell for formula in target.formulas for cell in _asked_cells(formula, z)]
        return _fitting(cells, target, max_atoms)
    found = [
        cell
        for formula in _system_formulas(target.elements, max_atoms)
        for cell in _cells(formula, AUTO_Z if z == "auto" else z)
        if cell.natoms <= max_atoms
    ]
    if not found:
        raise DomainError(
            f"no composition of {target.name} has a cell of at most {max_atoms} atoms with Z of "
            f"{', '.join(map(str, z))}; raise the limit or lower Z"
        )
    return found


def _system_formulas(elements: tuple[str, ...], max_atoms: int) -> list[str]:
    """Reduced formulas of a chemical system, by number of elements, size and name."""
    if len(elements) > MAX_ELEMENTS:
        raise InputError(
            f"{'-'.join(elements)} has {len(elements)} elements; a system may have up to "
            f"{MAX_ELEMENTS}, for more give the formulas"
        )
    compounds = [
        (SIZE_PENALTY * sum(counts) - plausibility, size, sum(counts), _name(subset, counts))
        for size in range(2, len(elements) + 1)
        for subset in itertools.combinations(elements, size)
        for counts, plausibility in stoichiometries(subset, max_atoms).items()
    ]
    if len(compounds) > MAX_COMPOUNDS:
        logger.warning(
            "%s: the %d most plausible of %d compositions are kept; give formulas to search others",
            "-".join(elements), MAX_COMPOUNDS, len(compounds),
        )  # fmt: skip
    kept = sorted(compounds)[:MAX_COMPOUNDS]
    ordered = sorted((size, atoms, formula) for _, size, atoms, formula in kept)
    return [_name((symbol,), (1,)) for symbol in elements] + [formula for *_, formula in ordered]


def _name(elements: tuple[str, ...], counts: tuple[int, ...]) -> str:
    """The reduced formula as pymatgen writes it: O2, MgO, Li2O2."""
    return Composition(dict(zip(elements, counts, strict=True))).reduced_formula


def _asked_cells(formula: Formula, z: Literal["auto"] | tuple[int, ...]) -> list[CompositionCell]:
    """The cells of a formula that was given by name."""
    if z != "auto":
        return _cells(formula.reduced, z)
    return _cells(formula.reduced, AUTO_Z if formula.z is None else (formula.z,))


def _cells(formula: str, z_values: tuple[int, ...]) -> list[CompositionCell]:
    """One cell for each Z, ascending."""
    unit = Composition(formula)
    return [
        CompositionCell(formula, z, unit * z, round(unit.num_atoms * z))
        for z in sorted(set(z_values))
    ]


def _fitting(cells: list[CompositionCell], target: Target, max_atoms: int) -> list[CompositionCell]:
    """The cells within ``max_atoms``, each formula with at least one of them."""
    fitting = [cell for cell in cells if cell.natoms <= max_atoms]
    for formula in {cell.formula for cell in cells} - {cell.formula for cell in fitting}:
        smallest = min(cell.natoms for cell in cells if cell.formula == formula)
        raise DomainError(
            f"{formula} in {target.name} needs at least {smallest} atoms per cell, but the limit "
            f"is {max_atoms}; raise the limit to go beyond what the model was made for"
        )
    return fitting
