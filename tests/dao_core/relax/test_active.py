"""The batch of active crystals: padding, joining, leaving, fresh cells."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from dao_core.relax.active import enter, reduce_sheared_cells


def test_joining_pads_and_selecting_trims(rattled):
    small, large = enter({0: rattled[0]}), enter({1: rattled[4]})
    both = small.joined_by(large)
    assert both.position.shape == (2, 3 + 6, 3)
    assert both.natoms.tolist() == [2, 6]
    back = both.select([0])
    for item in fields(back):
        ours, original = getattr(back, item.name), getattr(small, item.name)
        assert torch.equal(ours.nan_to_num(), original.nan_to_num()), item.name


def test_entering_nothing_is_an_empty_batch(rattled):
    empty = enter({})
    assert len(empty) == 0
    joined = empty.joined_by(enter({3: rattled[1]}))
    assert joined.index.tolist() == [3]


def test_zero_variables_are_the_start(rattled):
    active = enter(dict(enumerate(rattled)))
    for start, found in zip(rattled, active.crystals(active.position).to_structures(), strict=True):
        assert np.allclose(found.lattice.matrix, start.lattice.matrix)
        assert found.matches(start)


def test_strain_length_grows_with_the_root_of_the_cell(rattled):
    doubled = rattled[0].make_supercell([2, 1, 1], in_place=False)
    lengths = enter({0: rattled[0], 1: doubled}).strain_length
    assert float(lengths[1] / lengths[0]) == pytest.approx(2**0.5)


def test_a_sheared_cell_is_reduced_without_touching_the_crystal(rattled):
    start = rattled[2]
    sheared = Structure(
        Lattice(np.array([[1, 0, 0], [4, 1, 0], [0, 5, 1]]) @ start.lattice.matrix),
        start.species,
        start.frac_coords @ np.linalg.inv([[1, 0, 0], [4, 1, 0], [0, 5, 1]]),
    )
    active = enter({0: sheared, 1: start})
    active.energy = torch.tensor([1.0, 2.0])
    active.enthalpy = torch.tensor([1.0, 2.0])
    after = reduce_sheared_cells(active)
    [reduced, untouched] = after.crystals(after.position).to_structures()
    assert max(reduced.lattice.abc) < 0.6 * max(sheared.lattice.abc)
    assert (
        StructureMatcher(primitive_cell=False, scale=False).get_rms_dist(reduced, start)[0] < 1e-6
    )
    assert np.allclose(untouched.lattice.matrix, start.lattice.matrix)
    assert torch.isinf(after.enthalpy).tolist() == [True, False]
    assert after.energy.tolist() == [1.0, 2.0]
