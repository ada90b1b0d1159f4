from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from dft_inputs.canonical import canonical_cell, structure_hash

WURTZITE = Structure.from_spacegroup(
    "P6_3mc", Lattice.hexagonal(3.25, 5.21), ["Zn", "O"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.38]]
)


def test_conventional_cell_supercell_and_primitive_cell_are_one_crystal(
    magnesia: Structure,
) -> None:
    primitive = magnesia.get_primitive_structure()
    hashes = {structure_hash(s) for s in (magnesia, primitive, magnesia * (2, 1, 1))}
    assert len(hashes) == 1
    assert len(canonical_cell(magnesia * (2, 1, 1))) == 2


@settings(max_examples=15, deadline=None)
@given(shift=st.tuples(*[st.floats(0, 1)] * 3), seed=st.integers(0, 1000))
def test_origin_and_order_of_atoms_do_not_matter(
    shift: tuple[float, float, float], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(WURTZITE))
    moved = Structure.from_sites([WURTZITE[i] for i in order])
    moved.translate_sites(range(len(moved)), shift)
    assert structure_hash(moved) == structure_hash(WURTZITE)


@pytest.mark.parametrize("strain", [0.99, 1.0005, 1.02])
def test_a_strained_crystal_is_another(magnesia: Structure, strain: float) -> None:
    strained = magnesia.copy()
    strained.scale_lattice(magnesia.volume * strain)
    assert structure_hash(strained) != structure_hash(magnesia)


def test_exchanged_elements_are_another_crystal(magnesia: Structure) -> None:
    other = magnesia.copy()
    other.replace_species({"Mg": "Ca"})
    assert structure_hash(other) != structure_hash(magnesia)


def test_moments_keep_the_cell_and_tell_crystals_apart() -> None:
    iron = Structure(Lattice.cubic(2.87), ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    up, antiferro = iron.copy(), iron.copy()
    up.add_site_property("magmom", [2.2, 2.2])
    antiferro.add_site_property("magmom", [2.2, -2.2])
    assert len(canonical_cell(iron)) == 1
    assert len(canonical_cell(antiferro)) == 2
    assert structure_hash(up) != structure_hash(antiferro)
