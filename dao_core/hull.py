"""The convex hull of one level: how far above it phases lie, and which phases are missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from dao_core.errors import LevelMismatchError

ON_HULL = 1e-6
"""eV/atom: phases this close to the hull lie on it."""


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

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of its elements."""
        return frozenset(element.symbol for element in self.composition.elements)


class ConvexHull:
    """The lower hull of phases of one level.

    Attributes:
        missing: symbols of the elements that occur in compounds but have no energy of their own,
            sorted; compounds of these cannot be placed.
    """

    def __init__(self, phases: Sequence[PhaseEntry]) -> None:
        """Build the hull.

        Raises:
            LevelMismatchError: the energies are of more than one level.
        """
        require_same_level({phase.level for phase in phases})
        self.missing = missing_references(phases)
        complete = [phase for phase in phases if not phase.elements & set(self.missing)]
        entries = [_pd_entry(phase) for phase in _lowest(complete)]
        self._diagram = PhaseDiagram(entries) if entries else None

    def energy_above(self, phase: PhaseEntry) -> float | None:
        """Energy of one of the phases above the hull, eV/atom, zero on it; None if not placed."""
        if self._diagram is None or phase.elements & set(self.missing):
            return None
        above = phase.energy_per_atom - self._diagram.get_hull_energy_per_atom(phase.composition)
        return max(0.0, float(above))  # rounding below zero removed

    def formation_energy(self, phase: PhaseEntry) -> float | None:
        """Energy of one of the phases above its elements, eV/atom; None if not placed."""
        if self._diagram is None or phase.elements & set(self.missing):
            return None
        return float(self._diagram.get_form_energy_per_atom(_pd_entry(phase)))

    def decomposition(self, composition: Composition) -> dict[str, float]:
        """Phases of the hull that a composition falls into.

        Args:
            composition: of elements that all have an energy.

        Returns:
            Fraction of the atoms by reduced formula.
        """
        if self._diagram is None:
            return {}
        parts = self._diagram.get_decomposition(composition)
        return {entry.composition.reduced_formula: float(x) for entry, x in parts.items()}


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
        LevelMismatchError: the energies are of more than one level.
    """
    hull = ConvexHull([*entries, *competing])
    return [hull.energy_above(entry) for entry in entries]


def missing_references(entries: Sequence[PhaseEntry]) -> tuple[str, ...]:
    """Symbols of the elements that occur in compounds but have no energy of their own, sorted."""
    present = {symbol for entry in entries for symbol in entry.elements}
    pure = {symbol for entry in entries for symbol in entry.elements if len(entry.elements) == 1}
    return tuple(sorted(present - pure))


def require_same_level(levels: Collection[str]) -> None:
    """Make sure that energies are comparable.

    Args:
        levels: names of the levels of all energies.

    Raises:
        LevelMismatchError: there is more than one.
    """
    distinct = sorted(set(levels))
    if len(distinct) > 1:
        raise LevelMismatchError(
            f"energies of different levels cannot share a hull: {', '.join(distinct)}; "
            "compute all phases at one of them"
        )


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
