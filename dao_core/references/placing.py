"""Heights above the hull of known references, and how far they may be off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymatgen.core import Composition

from dao_core.hull import ON_HULL, ConvexHull, PhaseEntry
from dao_core.references.elements import ElementReference


@dataclass(frozen=True)
class Height:
    """Where a phase lies above the hull.

    Attributes:
        energy_above_hull: eV/atom; below zero for a crystal of an element below its known ground
            state; None where an element has no energy.
        std: eV/atom, its own uncertainty and that of the phases it is measured from; None where
            its level knows no uncertainty.
    """

    energy_above_hull: float | None
    std: float | None


def place(
    entries: Sequence[PhaseEntry],
    stds: Sequence[float | None],
    competing: Sequence[PhaseEntry] = (),
    references: Sequence[ElementReference] = (),
) -> list[Height]:
    """Heights above the hull of all entries, competing phases and references.

    The corner of an element that has a reference is the reference, whatever else was found of it:
    a potential that has a wrong crystal below the ground state would lower the corner and raise
    every compound. Such a crystal has a height below zero instead.

    Args:
        entries: phases to place.
        stds: uncertainty of each, eV/atom, None where it is not known.
        competing: further phases of the hull, of the same level.
        references: known ground states of elements.

    Returns:
        One height per entry.

    Raises:
        LevelMismatchError: the energies are of more than one level.
    """
    known = {one.symbol: one for one in references if one.energy_per_atom is not None}
    levels = [phase.level for phase in [*entries, *competing]]
    corners = [
        PhaseEntry(Composition(one.symbol), float(one.energy_per_atom or 0.0), levels[0])
        for one in known.values()
        if levels
    ]
    others = [phase for phase in [*entries, *competing] if _symbol(phase) not in known]
    hull = ConvexHull([*others, *corners])
    doubts = {
        corner.composition.reduced_formula: known[_symbol(corner)].energy_std for corner in corners
    }
    doubts |= _doubts_of_lowest(entries, stds, known)
    return [
        _height(entry, std, hull, [*others, *corners], doubts, known)
        for entry, std in zip(entries, stds, strict=True)
    ]


def _height(
    entry: PhaseEntry,
    std: float | None,
    hull: ConvexHull,
    phases: Sequence[PhaseEntry],
    doubts: Mapping[str, float],
    known: Mapping[str, ElementReference],
) -> Height:
    symbol = _symbol(entry)
    if symbol in known:
        return Height(known[symbol].height(entry.energy_per_atom), std)
    above = hull.energy_above(entry)
    if above is None or std is None:
        return Height(above, None)
    formula = entry.composition.reduced_formula
    if above <= ON_HULL:  # how stable it is depends on what it would fall into
        hull = ConvexHull([p for p in phases if p.composition.reduced_formula != formula])
        if set(hull.missing) or not entry.composition.elements:
            return Height(above, std)
    parts = {} if len(entry.elements) == 1 else hull.decomposition(entry.composition)
    variance = std**2 + sum((x * doubts.get(part, 0.0)) ** 2 for part, x in parts.items())
    return Height(above, float(variance**0.5))


def _doubts_of_lowest(
    entries: Sequence[PhaseEntry],
    stds: Sequence[float | None],
    known: Mapping[str, ElementReference],
) -> dict[str, float]:
    """Uncertainty of the lowest phase of each composition without a reference, eV/atom."""
    lowest: dict[str, tuple[float, float]] = {}
    for entry, std in zip(entries, stds, strict=True):
        if _symbol(entry) not in known and std is not None:
            formula = entry.composition.reduced_formula
            found = (entry.energy_per_atom, std)
            lowest[formula] = min(lowest.get(formula, found), found)
    return {formula: std for formula, (_, std) in lowest.items()}


def _symbol(phase: PhaseEntry) -> str:
    """The element that a phase is a crystal of; empty for a compound."""
    return next(iter(phase.elements)) if len(phase.elements) == 1 else ""
