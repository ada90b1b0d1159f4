"""Discovery: which known stable phases a search comes upon, and after how much work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.crystal.deduplication import same_crystal
from dao_core.hull import ON_HULL, PhaseEntry, energies_above_hull


@dataclass(frozen=True)
class KnownPhase:
    """A phase of a chemical system, relaxed with the potential that stands for the truth.

    Attributes:
        name: id in its source.
        structure: the relaxed crystal.
        energy_per_atom: eV/atom.
    """

    name: str
    structure: Structure
    energy_per_atom: float

    def entry(self, level: str) -> PhaseEntry:
        """The phase as a hull takes it."""
        return PhaseEntry(self.structure.composition, self.energy_per_atom, level)


def stable_compounds(
    phases: Sequence[KnownPhase], level: str, largest: int | None = None
) -> list[KnownPhase]:
    """The compounds on the hull of some phases, one for each composition.

    Args:
        phases: all phases of a chemical system, elements among them.
        level: of their energies.
        largest: leave out phases whose primitive cell has more atoms than this.
    """
    above = energies_above_hull([phase.entry(level) for phase in phases])
    found: dict[str, KnownPhase] = {}
    for phase, height in zip(phases, above, strict=True):
        is_compound = len(phase.structure.composition.elements) > 1
        if height is None or height > ON_HULL or not is_compound:
            continue
        if largest is None or len(phase.structure.get_primitive_structure()) <= largest:
            found.setdefault(phase.structure.composition.reduced_formula, phase)
    return list(found.values())


def heights(
    structures: Sequence[Structure],
    energies: Sequence[float],
    phases: Sequence[KnownPhase],
    level: str,
) -> list[float | None]:
    """How far crystals lie above the hull of known phases alone; below zero beneath it.

    Args:
        structures: crystals of the system.
        energies: eV/atom at ``level``, one for each.
        phases: what is known.
        level: of all energies.
    """
    known = [phase.entry(level) for phase in phases]
    entries = [
        PhaseEntry(s.composition, e, level) for s, e in zip(structures, energies, strict=True)
    ]
    return [_height(entry, known) for entry in entries]


def first_arrivals(
    structures: Sequence[Structure | None], phases: Sequence[KnownPhase]
) -> dict[str, int | None]:
    """After how many crystals each phase was there, by its name; None where it never was.

    Args:
        structures: crystals in the order in which a search found them; None where one was lost.
        phases: what was to be found.
    """
    return {phase.name: _first(structures, phase) for phase in phases}


def _first(structures: Sequence[Structure | None], phase: KnownPhase) -> int | None:
    for number, structure in enumerate(structures, start=1):
        if structure is not None and same_crystal(structure, phase.structure):
            return number
    return None


def _height(entry: PhaseEntry, known: Sequence[PhaseEntry]) -> float | None:
    """Energy above the hull of the known phases, which does not hold the entry itself."""
    at = PhaseEntry(entry.composition, HIGH, entry.level)
    (above,) = energies_above_hull([at], known)
    return None if above is None else above - (HIGH - entry.energy_per_atom)


HIGH = 1e3
"""eV/atom; above any hull, so that the distance to it does not change the hull."""
