"""Energies above the hull, only among energies of one level of theory."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from dft_inputs.errors import LevelMismatchError
from dft_inputs.level import require_same_level


class HullPoint(BaseModel):
    """One energy that may stand in a hull."""

    formula: str
    energy_per_atom: float = Field(description="eV/atom")
    level: str = Field(description="Level of theory of the hull")


def energies_above_hull(points: Mapping[str, HullPoint], system: str) -> dict[str, float]:
    """Energies above the hull of all points of a chemical system.

    Args:
        points: Points by name, elements and competing phases included.
        system: Chemical system, such as ``Mg-O``.

    Returns:
        Energy above hull in eV/atom by name.

    Raises:
        LevelMismatchError: If the points are not all of one level, or an element has no point.
    """
    elements = set(system.split("-"))
    inside = {
        name: point
        for name, point in points.items()
        if {e.symbol for e in Composition(point.formula).elements} <= elements
    }
    require_same_level([point.level for point in inside.values()])
    corners = {Composition(p.formula).elements[0].symbol for p in inside.values() if _is_pure(p)}
    if corners != elements:
        raise LevelMismatchError(
            f"There is no hull of {system}: {', '.join(sorted(elements - corners))} has no energy "
            "at this level."
        )
    entries = {name: _entry(name, point) for name, point in inside.items()}
    diagram = PhaseDiagram(list(entries.values()))
    return {name: float(diagram.get_e_above_hull(entry) or 0.0) for name, entry in entries.items()}


def _is_pure(point: HullPoint) -> bool:
    return len(Composition(point.formula).elements) == 1


def _entry(name: str, point: HullPoint) -> PDEntry:
    composition = Composition(point.formula)
    return PDEntry(composition, point.energy_per_atom * composition.num_atoms, name=name)
