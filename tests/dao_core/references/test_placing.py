"""Heights above a hull whose corners are known ground states."""

from __future__ import annotations

import pytest
from pymatgen.core import Composition

from dao_core.hull import PhaseEntry
from dao_core.references import ElementReference, OwnElement
from dao_core.references.placing import place


def entry(formula: str, energy: float) -> PhaseEntry:
    return PhaseEntry(Composition(formula), energy, "level")


def reference(symbol: str, energy: float | None, own: float | None = None, std: float = 0.0):
    crystal = None if own is None else OwnElement(None, own, None, "converged")
    return ElementReference(symbol, energy, std, crystal, "table")


def test_a_crystal_below_the_known_ground_state_does_not_lower_the_corner() -> None:
    entries = [entry("Ti", -7.95), entry("Ti", -7.80), entry("Al", -3.6), entry("TiAl", -6.2)]
    heights = place(
        entries, [None] * 4, references=[reference("Ti", -7.9, -7.9), reference("Al", -3.7, -3.7)]
    )
    above = [height.energy_above_hull for height in heights]
    assert above == pytest.approx([-0.05, 0.10, 0.10, 0.0])
    (height,) = place(
        [entry("TiAl", -5.7)], [None], references=[reference("Ti", -7.9), reference("Al", -3.7)]
    )
    assert height.energy_above_hull == pytest.approx(0.1)  # -5.8, and not -5.825


def test_where_the_published_energy_stands_in_crystals_are_measured_from_their_own() -> None:
    nitrogen = reference("N", -8.34, own=-8.60)  # DAO-P's molecule is 0.26 too deep
    heights = place(
        [entry("N", -8.50), entry("Ca3N2", -5.0)],
        [None, None],
        references=[nitrogen, reference("Ca", -2.0, -2.0)],
    )
    assert heights[0].energy_above_hull == pytest.approx(0.10)
    lower = place([entry("Ca3N2", -4.5)], [None], references=[nitrogen, reference("Ca", -2.0)])
    expected = -4.5 - (3 * -2.0 + 2 * -8.34) / 5
    assert lower[0].energy_above_hull == pytest.approx(max(0.0, expected))


def test_uncertainty_holds_that_of_the_references() -> None:
    references = [reference("Mg", -1.6, -1.6, std=0.02), reference("O", -5.0, None, std=0.06)]
    stable, above, unknown = place(
        [entry("MgO", -6.0), entry("MgO2", -3.5), entry("Mg2O", -2.0)],
        [0.03, 0.03, None],
        references=references,
    )
    # The oxide on the hull would fall into its elements: half of each.
    assert stable.std == pytest.approx((0.03**2 + 0.01**2 + 0.03**2) ** 0.5)
    # MgO2 falls into two atoms of MgO and one of oxygen.
    assert above.std == pytest.approx((0.03**2 + 0.02**2 + 0.02**2) ** 0.5)
    assert unknown.std is None


def test_an_element_without_any_energy_leaves_its_compounds_unplaced() -> None:
    references = [reference("Mg", -1.6, -1.6), reference("O", None)]
    oxide, metal = place([entry("MgO", -6.0), entry("Mg", -1.5)], [0.1, 0.1], (), references)
    assert (oxide.energy_above_hull, oxide.std) == (None, None)
    assert metal.energy_above_hull == pytest.approx(0.1)


def test_nothing_to_place_is_no_error() -> None:
    assert place([], [], references=[reference("Mg", -1.6)]) == []
