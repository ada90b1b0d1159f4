"""Children of relaxed crystals: exact atoms, moved along soft directions, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.symmetry import space_group_number
from dao_core.potentials import Potential, load_potential
from dao_core.search.compositions import CompositionCell
from dao_core.search.soft_modes import soft_modes
from dao_core.search.sources import Parent, PerturbationSource

assert EMT  # the name below is found by import


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


@pytest.fixture
def alloy() -> Structure:
    return Structure(Lattice.tetragonal(2.8, 3.6), ["Cu", "Au"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def cell(formula: str, z: int) -> CompositionCell:
    composition = Composition(formula) * z
    return CompositionCell(formula, z, composition, round(composition.num_atoms))


def test_children_have_exactly_the_atoms_and_are_new_crystals(
    emt: Potential, alloy: Structure
) -> None:
    source = PerturbationSource([Parent("c-1", alloy)], emt)
    children = source.propose(cell("CuAu", 2), 6, seed=3)
    assert {child.structure.composition for child in children} == {Composition("Cu2Au2")}
    assert {child.origin.partition(":")[2] for child in children} == {"mode", "order", "strain"}
    assert {child.detail["parent"] for child in children} == {"c-1"}
    distorted = next(c for c in children if c.origin == "perturbation:mode")
    assert space_group_number(distorted.structure, 0.01) < space_group_number(alloy, 0.01)


def test_a_second_call_goes_on_where_the_first_ended(emt: Potential, alloy: Structure) -> None:
    whole = PerturbationSource([Parent("c-1", alloy)], emt).propose(cell("CuAu", 2), 6, seed=3)
    rest = PerturbationSource([Parent("c-1", alloy)], emt).propose(
        cell("CuAu", 2), 2, seed=3, first=4
    )
    assert [c.structure for c in rest] == [c.structure for c in whole[4:]]


def test_no_parent_no_children(emt: Potential, alloy: Structure) -> None:
    source = PerturbationSource([Parent("c-1", alloy)], emt)
    assert source.propose(cell("Cu3Au", 1), 3, seed=0) == []


def test_the_softest_mode_costs_least(emt: Potential, alloy: Structure) -> None:
    """Along its softest mode a crystal rises less than along its stiffest."""
    modes = soft_modes(alloy, emt, 3)
    assert modes.shape == (3, 2, 3)
    assert np.abs(modes[:, 0] / modes[:, 0].max() + modes[:, 1] / modes[:, 0].max()).max() < 0.05
    from dao_core.crystal.batch import CrystalBatch

    moved = [
        Structure(alloy.lattice, alloy.species, alloy.cart_coords + 0.1 * mode,
                  coords_are_cartesian=True)
        for mode in modes
    ]  # fmt: skip
    energies = emt.evaluate(CrystalBatch.from_structures(moved)).energy.tolist()
    assert energies[0] <= energies[-1] + 1e-6
