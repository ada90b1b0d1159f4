"""Placing entries of one level on the convex hull of their chemical system."""

from __future__ import annotations

from collections.abc import Iterable

from pymatgen.core import Composition

from dao_core.hull import ON_HULL, ConvexHull, PhaseEntry
from dao_core.level_names import restricted
from stores.documents import HullDocument, ThermoDocument


def place_on_hull(
    own: list[ThermoDocument], competing: list[ThermoDocument], hull: HullDocument
) -> None:
    """Fill in energies above hull and formation energies, and the hull's stable phases.

    Args:
        own: entries of the hull's system, which are changed in place.
        competing: further phases that span the hull; all of the level of ``hull``.
        hull: changed in place. Where an element has no energy at this level there is no hull:
            ``missing_references`` names it and the entries carry None.
    """
    everything = {entry.id: entry for entry in [*competing, *own]}
    present = {one.chemsys for one in everything.values() if one.nelements == 1}
    hull.missing_references = sorted(set(hull.chemsys.split("-")) - present)
    if hull.missing_references:
        hull.stable = {}
        _leave_unplaced(own)
        return
    phases = {identity: _phase(entry, hull.level) for identity, entry in everything.items()}
    placed = ConvexHull(list(phases.values()))
    above = {identity: placed.energy_above(phase) or 0.0 for identity, phase in phases.items()}
    for entry in own:
        entry.is_stable = above[entry.id] < ON_HULL
        entry.energy_above_hull = 0.0 if entry.is_stable else above[entry.id]
        entry.formation_energy_per_atom = placed.formation_energy(phases[entry.id])
        entry.is_placed = True
    hull.stable = {
        identity: everything[identity].energy_per_atom
        for identity in sorted(phases)
        if above[identity] < ON_HULL
    }


def _phase(entry: ThermoDocument, level: str) -> PhaseEntry:
    """The phase; at the level of the hull where its own is that for some of the elements."""
    own = level if restricted(level, entry.elements) == entry.level else entry.level
    return PhaseEntry(Composition(entry.formula), entry.energy_per_atom, own)


def _leave_unplaced(entries: Iterable[ThermoDocument]) -> None:
    """Say that there is no hull; subsystem entries may be stable all the same in their own."""
    for entry in entries:
        entry.energy_above_hull = entry.formation_energy_per_atom = entry.is_stable = None
        entry.is_placed = True
