"""Guards against geometries no potential should see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.relax.guards import MIN_DISTANCE_FACTOR, too_close, volume_ran_away


def close(*structures):
    return too_close(CrystalBatch.from_structures(structures, dtype=torch.float64)).tolist()


def cell(distance, lattice=None):
    lattice = lattice or Lattice.cubic(8.0)
    start = lattice.get_cartesian_coords([0.95, 0.9, 0.02])
    coords = [start, start + np.array([0.6, 0.0, 0.8]) * distance]
    return Structure(lattice, ["Mg", "O"], coords, coords_are_cartesian=True, to_unit_cell=True)


def test_distance_guard_uses_covalent_radii_across_the_boundary():
    limit = MIN_DISTANCE_FACTOR * (1.41 + 0.66)
    assert close(cell(limit + 0.01), cell(limit - 0.01)) == [False, True]


def test_an_atom_may_not_meet_its_own_image():
    assert close(Structure(Lattice.orthorhombic(1.0, 6, 6), ["Mg"], [[0, 0, 0]])) == [True]
    assert close(Structure(Lattice.orthorhombic(1.3, 6, 6), ["Mg"], [[0, 0, 0]])) == [False]


def test_padding_is_not_an_atom_and_neighbours_do_not_matter():
    small = Structure(Lattice.cubic(4.0), ["Mg"], [[0, 0, 0]])
    assert close(small, cell(0.2), cell(3.0)) == [False, True, False]


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_pymatgen_in_skew_cells(seed):
    rng = np.random.default_rng(seed)
    lattice = Lattice.from_parameters(3.0, 4.0, 5.0, *rng.uniform(60, 110, 3))
    crystal = Structure(lattice, ["Cu"] * 6, rng.random((6, 3)))
    distances = crystal.distance_matrix[np.triu_indices(6, 1)]
    shortest = min(distances.min(), *lattice.get_lll_reduced_lattice().abc)
    expected = shortest < MIN_DISTANCE_FACTOR * 2 * 1.32
    assert close(crystal) == [expected]


def test_volume_guard():
    initial = torch.full((5,), 100.0)
    now = torch.tensor([100.0, 390.0, 410.0, 24.0, float("nan")])
    assert volume_ran_away(now, initial).tolist() == [False, False, True, True, True]
