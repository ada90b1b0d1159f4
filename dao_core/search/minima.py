"""Distinct minima as they were found: which are low, and who came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.crystal.deduplication import deduplicate
from dao_core.hull import PhaseEntry, energies_above_hull
from dao_core.search.budget import LOW_ENERGY


@dataclass(frozen=True)
class Found:
    """One distinct minimum.

    Attributes:
        formula: reduced formula.
        first: position of the structure that came first into it.
        lowest: position of its lowest structure.
        energy: of that one, eV/atom.
        above_hull: eV/atom, None where an element has no energy.
        low: whether it may be metastable: near the hull, or near the best of its composition where
            there is no hull.
    """

    formula: str
    first: int
    lowest: int
    energy: float
    above_hull: float | None
    low: bool


def first_found(
    structures: Sequence[Structure],
    energies: Sequence[float],
    level: str,
    competing: Sequence[PhaseEntry] = (),
) -> list[Found]:
    """The distinct minima of relaxed structures, in the order in which they were found.

    Args:
        structures: relaxed, in the order in which they came.
        energies: eV/atom, one for each.
        level: of all energies.
        competing: further phases of the hull.
    """
    members: dict[int, list[int]] = {}
    for index, lowest in enumerate(deduplicate(structures, energies).representative):
        members.setdefault(lowest, []).append(index)
    entries = [PhaseEntry(structures[i].composition, energies[i], level) for i in members]
    above = energies_above_hull(entries, competing)
    formulas = [entry.composition.reduced_formula for entry in entries]
    best: dict[str, float] = {}
    for formula, index in zip(formulas, members, strict=True):
        best[formula] = min(energies[index], best.get(formula, energies[index]))
    found = [
        Found(
            formula=formula,
            first=min(group),
            lowest=lowest,
            energy=energies[lowest],
            above_hull=height,
            low=(energies[lowest] - best[formula] if height is None else height) <= LOW_ENERGY,
        )
        for (lowest, group), formula, height in zip(members.items(), formulas, above, strict=True)
    ]
    return sorted(found, key=lambda minimum: minimum.first)
