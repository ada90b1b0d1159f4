"""The convex hull of one energy level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from dao_core.errors import InputError


@dataclass(frozen=True)
class PhaseEntry:
    """A phase with an energy.

    Attributes:
        composition: of any number of formula units.
        energy_per_atom: eV/atom.
        level: what the energy was computed with; energies of two levels are not comparable.
    """

    composition: Composition
    energy_per_atom: float
    level: str


def energies_above_hull(
    entries: Sequence[PhaseEntry], competing: Sequence[PhaseEntry] = ()
) -> list[float | None]:
    """Energy of each entry above the hull of all entries and all competing phases.

    Args:
        entries: phases to place.
        competing: further phases of the hull, of the same level.

    Returns:
        eV/atom for each entry, zero on the hull; None where an element of the entry has no energy
        (:func:`missing_references` names these elements).

    Raises:
        InputError: the energies are of more than one level.
    """
    phases = [*entries, *competing]
    _check_one_level(phases)
    missing = set(missing_references(phases))
    complete = [phase for phase in phases if not missing & _elements(phase)]
    if not complete:
        return [None] * len(entries)
    diagram = PhaseDiagram([_pd_entry(phase) for phase in _lowest(complete)])
    return [None if missing & _elements(entry) else _above(diagram, entry) for entry in entries]


def missing_references(entries: Sequence[PhaseEntry]) -> tuple[str, ...]:
    """Symbols of the elements that occur in compounds but have no energy of their own, sorted."""
    present = {symbol for entry in entries for symbol in _elements(entry)}
    pure = {
        symbol for entry in entries for symbol in _elements(entry) if len(_elements(entry)) == 1
    }
    return tuple(sorted(present - pure))


def _check_one_level(phases: Sequence[PhaseEntry]) -> None:
    """Raise InputError unless all energies are comparable."""
    levels = sorted({phase.level for phase in phases})
    if len(levels) > 1:
        raise InputError(
            f"energies of different levels cannot share a hull: {', '.join(levels)}; "
            "compute all phases at one of them"
        )


def _elements(entry: PhaseEntry) -> set[str]:
    """Symbols of the elements of a phase."""
    return {element.symbol for element in entry.composition.elements}


def _lowest(phases: Sequence[PhaseEntry]) -> list[PhaseEntry]:
    """The lowest phase of each composition: only these can lie on the hull."""
    lowest: dict[str, PhaseEntry] = {}
    for phase in phases:
        formula = phase.composition.reduced_formula
        if formula not in lowest or phase.energy_per_atom < lowest[formula].energy_per_atom:
            lowest[formula] = phase
    return list(lowest.values())


def _pd_entry(phase: PhaseEntry) -> PDEntry:
    """A phase as pymatgen takes it: with the energy of all its atoms."""
    return PDEntry(phase.composition, phase.energy_per_atom * phase.composition.num_atoms)


def _above(diagram: PhaseDiagram, entry: PhaseEntry) -> float:
    """Energy above the hull, eV/atom; rounding below zero removed."""
    return max(0.0, entry.energy_per_atom - diagram.get_hull_energy_per_atom(entry.composition))
