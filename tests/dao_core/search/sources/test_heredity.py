"""Two parents make possible children of exactly the atoms asked for."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.validity import invalid_reason
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.heredity import HereditySource, splice
from dao_core.search.sources.perturbation import Parent

ROCKSALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
ZINCBLENDE = Structure.from_spacegroup(
    "F-43m", Lattice.cubic(4.6), ["Mg", "O"], [[0, 0, 0], [0.25, 0.25, 0.25]]
)
PEROXIDE = Structure(
    Lattice.cubic(4.8),
    ["Mg"] * 4 + ["O"] * 8,
    [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    + [[x, x, x] for x in (0.41, 0.59)]
    + [[x, 0.5 - x, -x] for x in (0.41, 0.59)]
    + [[-x, x, 0.5 - x] for x in (0.41, 0.59)]
    + [[0.5 - x, -x, x] for x in (0.41, 0.59)],
)
PARENTS = [Parent("rs", ROCKSALT), Parent("zb", ZINCBLENDE)]


def cell(formula: str) -> CompositionCell:
    composition = Composition(formula)
    reduced, z = composition.get_reduced_formula_and_factor()
    return CompositionCell(reduced, round(z), composition, round(composition.num_atoms))


@pytest.mark.parametrize("formula", ["Mg4O4", "Mg8O8", "Mg6O6"])
def test_children_are_possible_crystals_of_the_atoms_asked_for(formula: str) -> None:
    children = HereditySource(PARENTS).propose(cell(formula), 12, seed=3)
    assert len(children) >= 10
    for child in children:
        assert invalid_reason(child.structure, composition=Composition(formula)) is None
        assert set(child.detail["parents"]) <= {"rs", "zb"}
    assert len({round(child.structure.volume, 6) for child in children}) > 6


def test_a_child_follows_from_its_seed_and_number_alone() -> None:
    source = HereditySource(PARENTS)
    together = source.propose(cell("Mg4O4"), 6, seed=1)
    number = together[4].detail["child"]
    (alone,) = source.propose(cell("Mg4O4"), 1, seed=1, first=number)
    np.testing.assert_array_equal(alone.structure.frac_coords, together[4].structure.frac_coords)
    other = source.propose(cell("Mg4O4"), 6, seed=2)
    assert other[0].structure != together[0].structure


def test_other_compositions_of_the_same_elements_are_parents_too() -> None:
    mixed = HereditySource([Parent("rs", ROCKSALT), Parent("o2", PEROXIDE)])
    children = mixed.propose(cell("Mg4O6"), 10, seed=0)
    assert children
    assert all(child.structure.composition == Composition("Mg4O6") for child in children)
    assert HereditySource(PARENTS).propose(cell("Mg4S4"), 5, seed=0) == []
    assert HereditySource([]).propose(cell("Mg4O4"), 5, seed=0) == []


def test_each_side_of_the_plane_looks_like_its_parent() -> None:
    """Two copies of one crystal with other origins keep its neighbours away from the seams."""
    child = splice(ROCKSALT, ROCKSALT, Composition("Mg16O16"), np.random.default_rng(5))
    nearest = np.sort(child.distance_matrix + 9 * np.eye(32), axis=1)[:, 0]
    assert np.mean(np.abs(nearest - 2.1) < 0.01) >= 0.4
    assert child.volume / 32 == pytest.approx(ROCKSALT.volume / 8)
