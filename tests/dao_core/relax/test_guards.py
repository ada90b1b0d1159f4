"""Guards against geometries no potential should see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Domain
from dao_core.relax.guards import below_all_crystals, fell, too_close, volume_ran_away

FACTOR = Domain().min_distance


def close(*structures):
    batch = CrystalBatch.from_structures(structures, dtype=torch.float64)
    return too_close(batch, FACTOR).tolist()


def cell(distance, lattice=None):
    lattice = lattice or Lattice.cubic(8.0)
    start = lattice.get_cartesian_coords([0.95, 0.9, 0.02])
    coords = [start, start + np.array([0.6, 0.0, 0.8]) * distance]
    return Structure(lattice, ["Mg", "O"], coords, coords_are_cartesian=True, to_unit_cell=True)


def test_distance_guard_uses_covalent_radii_across_the_boundary():
    limit = FACTOR * (1.41 + 0.66)
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
    expected = shortest < FACTOR * 2 * 1.32
    assert close(crystal) == [expected]


def test_volume_guard():
    initial = torch.full((5,), 100.0)
    now = torch.tensor([100.0, 390.0, 410.0, 24.0, float("nan")])
    assert volume_ran_away(now, initial).tolist() == [False, False, True, True, True]


def test_the_energy_floor_is_per_atom_and_only_where_the_scale_is_known():
    energy, natoms = torch.tensor([-30.0, -40.0]), torch.tensor([2, 2])
    assert below_all_crystals(energy, natoms, -16.0).tolist() == [False, True]
    assert below_all_crystals(energy, natoms, None).tolist() == [False, False]


def test_a_fall_is_more_than_the_slope_promised():
    """A steep start may win much; what wins much more than its slope is a hole."""
    decrease = torch.tensor([5.0, 5.0, 0.9, torch.inf])
    expected = torch.tensor([4.0, 1.0, 0.0, 0.0])
    assert fell(decrease, expected, torch.full((4,), 2)).tolist() == [False, True, False, False]
