from __future__ import annotations

import time

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.core.structure_matcher import StructureMatcher

from dao_core.crystal.prototype import prototype_label
from dao_core.crystal.symmetry import (
    space_group_number,
    space_group_of,
    standard_primitive,
    symmetrise,
)
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.template import TemplateSource


def rattled(structure: Structure, size: float) -> Structure:
    noise = np.random.default_rng(1).normal(scale=size, size=(len(structure), 3))
    return Structure(
        structure.lattice,
        structure.species,
        structure.cart_coords + noise,
        coords_are_cartesian=True,
    )


@pytest.mark.parametrize(
    ("name", "number", "symbol", "wyckoff", "prototype"),
    [
        ("rocksalt", 225, "Fm-3m", "Mg4a O4b", "AB_cF8_225_a_b"),
        ("rutile", 136, "P4_2/mnm", "Ti2a O4f", "A2B_tP6_136_f_a"),
        ("quartz", 152, "P3_121", "Si3a O6c", "A2B_hP9_152_c_a"),
        ("triclinic", 1, "P1", "Ca1a O1a O1a O1a Si1a", "AB3C_aP5_1_a_3a_a"),
    ],
)
def test_labels_of_known_crystals(
    request: pytest.FixtureRequest,
    name: str,
    number: int,
    symbol: str,
    wyckoff: str,
    prototype: str,
) -> None:
    crystal = symmetrise(request.getfixturevalue(name))
    assert (crystal.space_group_number, crystal.space_group) == (number, symbol)
    assert prototype_label(crystal) == prototype
    assert sorted(crystal.wyckoff_sequence.split()) == sorted(wyckoff.split())


def test_rattled_supercell_becomes_the_ideal_primitive_cell(rocksalt: Structure) -> None:
    supercell = rattled(rocksalt.make_supercell([2, 1, 1], in_place=False), 0.03)
    crystal = symmetrise(supercell)
    assert crystal.space_group_number == 225
    assert len(crystal.structure) == 2
    assert len(crystal.conventional) == 8
    assert crystal.conventional.lattice.abc == pytest.approx([4.212] * 3, abs=0.02)
    assert 0.03 < crystal.displacement <= 0.2
    assert StructureMatcher().fit(crystal.structure, rocksalt)


def test_tightest_tolerance_of_the_same_symmetry_is_reported(rocksalt: Structure) -> None:
    assert symmetrise(rocksalt, ladder=(0.01, 0.1)).symprec == 0.01


def test_symmetry_further_away_than_the_bound_is_refused(rocksalt: Structure) -> None:
    distorted = rocksalt.copy()
    distorted.translate_sites([0], [0.03, 0, 0])
    assert symmetrise(distorted).space_group_number == 225
    bounded = symmetrise(distorted, max_displacement=0.005)
    assert bounded.space_group_number < 225
    assert bounded.displacement <= 0.005


def test_space_group_depends_on_the_tolerance(rocksalt: Structure) -> None:
    noisy = rattled(rocksalt, 0.02)
    assert space_group_number(noisy, 0.2) == 225
    assert space_group_of(noisy, 0.2) == ("Fm-3m", 225)
    assert space_group_number(noisy, 0.001) == 1


def test_atoms_on_top_of_each_other_have_no_symmetry() -> None:
    collapsed = Structure(Lattice.cubic(3), ["Mg", "Mg"], [[0, 0, 0], [0, 0, 0]])
    crystal = symmetrise(collapsed)
    assert (crystal.space_group, crystal.wyckoff_sequence) == ("P1", "Mg1a Mg1a")
    assert crystal.structure == collapsed
    assert space_group_of(collapsed) == ("P1", 1)
    assert len(standard_primitive(collapsed, 0.01)) == 2


def test_loose_tolerance_is_refused_where_moyo_may_not_return(rocksalt: Structure) -> None:
    with pytest.raises(ValueError, match="use symmetrise"):
        standard_primitive(rocksalt, 0.1)


def test_strongly_distorted_crystal_is_done_in_time() -> None:
    """Layered MgO, atoms moved by 0.1 angstrom: moyo 0.21 does not return from this one."""
    cell = CompositionCell("MgO", 8, Composition("Mg8O8"), 16)
    start = time.process_time()
    for proposal in TemplateSource().propose(cell, 40, 0)[20:]:
        symmetrise(proposal.structure)
    assert time.process_time() - start < 30
