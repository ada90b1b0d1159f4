from __future__ import annotations

import pytest
from pymatgen.core import Composition

from dao_core.errors import LevelMismatchError
from dao_core.hull import ConvexHull, PhaseEntry, energies_above_hull, missing_references


def phase(formula: str, energy: float, level: str = "toy") -> PhaseEntry:
    return PhaseEntry(Composition(formula), energy, level)


ELEMENTS = [phase("Mg", -1.0), phase("O2", -4.0)]


def test_distances_are_those_of_a_hand_made_hull() -> None:
    # The tie line from Mg (-1) to MgO (-4.5) passes Mg2O at -1 / 3 - 4.5 * 2 / 3.
    entries = [*ELEMENTS, phase("Mg4O4", -4.5), phase("MgO", -4.4), phase("Mg2O", -3.0)]
    expected = [0, 0, 0, 0.1, -3.0 + 1 / 3 + 3.0]
    assert energies_above_hull(entries) == pytest.approx(expected)


def test_competing_phases_lower_the_hull() -> None:
    entries = [phase("MgO", -4.4)]
    assert energies_above_hull(entries, [*ELEMENTS, phase("MgO", -4.5)]) == pytest.approx([0.1])


def test_formation_energies_are_against_the_elements() -> None:
    hull = ConvexHull([*ELEMENTS, phase("MgO", -4.5), phase("Mg2O", -3.0)])
    assert hull.formation_energy(phase("Mg2O", -3.0)) == pytest.approx(-3.0 + 2 / 3 + 4 / 3)
    assert hull.formation_energy(phase("Mg", -1.0)) == pytest.approx(0.0)
    assert ConvexHull([phase("MgO", -4.5)]).formation_energy(phase("MgO", -4.5)) is None


def test_levels_never_mix() -> None:
    with pytest.raises(LevelMismatchError, match="chgnet, qe-pbe"):
        energies_above_hull([phase("Mg", -1, "chgnet")], [phase("O2", -4, "qe-pbe")])


def test_missing_element_is_named_and_costs_only_its_compounds() -> None:
    entries = [phase("Mg", -1.0), phase("Mg", -0.9), phase("MgO", -4.5)]
    assert missing_references(entries) == ("O",)
    above = energies_above_hull(entries)
    assert above[:2] == pytest.approx([0, 0.1])
    assert above[2] is None
    assert energies_above_hull([phase("MgO", -4.5)]) == [None]


def test_nothing_gives_nothing() -> None:
    assert energies_above_hull([]) == []
    assert missing_references([]) == ()
