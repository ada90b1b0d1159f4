"""Placing entries of one level on the convex hull of their chemical system."""

from __future__ import annotations

from collections.abc import Iterable

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from stores.documents import HullDocument, ThermoDocument

ON_HULL = 1e-6
"""eV/atom: phases this close to the hull lie on it."""


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
    points = {identity: _point(entry) for identity, entry in everything.items()}
    diagram = PhaseDiagram(list(points.values()))
    for entry in own:
        point = points[entry.id]
        above = diagram.get_decomp_and_e_above_hull(point, allow_negative=True)[1] or 0.0
        entry.energy_above_hull = 0.0 if above < ON_HULL else float(above)
        entry.formation_energy_per_atom = float(diagram.get_form_energy_per_atom(point))
        entry.is_stable = bool(above < ON_HULL)
        entry.is_placed = True
    on_hull = {id(point) for point in diagram.stable_entries}
    hull.stable = {
        identity: everything[identity].energy_per_atom
        for identity, point in sorted(points.items())
        if id(point) in on_hull
    }


def _point(entry: ThermoDocument) -> PDEntry:
    """The entry for one reduced formula unit."""
    composition = Composition(entry.formula)
    return PDEntry(composition, entry.energy_per_atom * composition.num_atoms, name=entry.id)


def _leave_unplaced(entries: Iterable[ThermoDocument]) -> None:
    """Say that there is no hull; subsystem entries may be stable all the same in their own."""
    for entry in entries:
        entry.energy_above_hull = entry.formation_energy_per_atom = entry.is_stable = None
        entry.is_placed = True
