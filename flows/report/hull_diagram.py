"""The hull of a campaign as the figures draw it: points, distances and tie lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from dao_core.search.result import CompetingPhase
from flows.report.summary import CampaignSummary, RankedStructure

Phase = RankedStructure | CompetingPhase


@dataclass(frozen=True)
class HullPoint:
    """One phase in the diagram.

    Attributes:
        phase: The ranked structure or competing phase.
        fractions: Atomic fraction of each element, in the order of the diagram.
        formation_energy: In eV/atom, against the lowest energies of the elements.
        energy_above_hull: In eV/atom.
        stable: Whether the phase is a vertex of the hull.
    """

    phase: Phase
    fractions: tuple[float, ...]
    formation_energy: float
    energy_above_hull: float
    stable: bool


@dataclass(frozen=True)
class HullDiagram:
    """Points and tie lines of a chemical system; elements by increasing electronegativity."""

    elements: tuple[str, ...]
    points: tuple[HullPoint, ...]
    tie_lines: tuple[tuple[HullPoint, HullPoint], ...]


def hull_diagram(summary: CampaignSummary) -> HullDiagram | None:
    """The hull of all phases at the level of the campaign.

    Args:
        summary: The campaign. Competing phases of another level are left out (and
            :func:`flows.report.checks.cautions` says so).

    Returns:
        The diagram, or None where an element has no energy or there is only one element.
    """
    phases: list[Phase] = [
        *summary.ranking,
        *(phase for phase in summary.competing if phase.level == summary.level),
    ]
    known = {phase.formula for phase in phases if Composition(phase.formula).is_element}
    known_elements = {Composition(formula).elements[0].symbol for formula in known}
    if len(summary.elements) < 2 or not set(summary.elements) <= known_elements:
        return None
    elements = sorted(Element(symbol) for symbol in summary.elements)
    corners = {
        Composition(phase.formula).elements[0].symbol: phase.energy_per_atom
        for phase in summary.competing
        if phase.source == "reference"
        and phase.level == summary.level
        and Composition(phase.formula).is_element
    }
    entries = [_entry(phase, corners) for phase in phases]
    diagram = PhaseDiagram(entries, elements)
    points = [
        _point(phase, entry, diagram, elements)
        for phase, entry in zip(phases, entries, strict=True)
    ]
    by_entry = {id(entry): point for entry, point in zip(entries, points, strict=True)}
    edges = {
        tuple(sorted(pair)) for facet in diagram.facets for pair in combinations(facet.tolist(), 2)
    }
    ends = [
        [by_entry[id(diagram.qhull_entries[index])] for index in edge] for edge in sorted(edges)
    ]
    return HullDiagram(
        tuple(element.symbol for element in elements),
        tuple(points),
        tuple((first, second) for first, second in ends),
    )


def _entry(phase: Phase, corners: Mapping[str, float]) -> PDEntry:
    """A phase as pymatgen takes it; crystals of an element stand on its reference or above."""
    composition = Composition(phase.formula)
    energy = phase.energy_per_atom
    corner = corners.get(composition.elements[0].symbol) if composition.is_element else None
    if corner is not None and isinstance(phase, RankedStructure):
        energy = corner + max(phase.energy_above_hull or 0.0, 0.0)
    return PDEntry(composition, energy * composition.num_atoms)


def _point(
    phase: Phase, entry: PDEntry, diagram: PhaseDiagram, elements: list[Element]
) -> HullPoint:
    return HullPoint(
        phase,
        tuple(float(entry.composition.get_atomic_fraction(element)) for element in elements),
        float(diagram.get_form_energy_per_atom(entry)),
        float(diagram.get_e_above_hull(entry) or 0.0),
        any(entry is vertex for vertex in diagram.stable_entries),
    )
