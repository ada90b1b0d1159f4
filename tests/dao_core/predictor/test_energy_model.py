"""Derivatives and symmetries of the physical DAO-P, exact by construction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.predictor.neighbours import half_neighbours

STEP = 1e-4


def energy(model, batch: CrystalBatch) -> torch.Tensor:
    return model(batch).energy


def test_forces_are_the_negative_gradient_of_the_energy(energy_model, titanate, double_batch):
    batch = double_batch(titanate)
    forces = energy_model(batch).forces[0]
    for atom, axis in ((0, 0), (1, 2), (4, 1)):
        ends = []
        for sign in (1, -1):
            cart = titanate.cart_coords.copy()
            cart[atom, axis] += sign * STEP
            moved = Structure(titanate.lattice, titanate.species, cart, coords_are_cartesian=True)
            ends.append(float(energy(energy_model, double_batch(moved))))
        numeric = -(ends[0] - ends[1]) / (2 * STEP)
        assert abs(numeric) > 1e-3
        assert float(forces[atom, axis]) == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def test_stress_is_the_strain_derivative_over_volume(energy_model, titanate, double_batch):
    stress = energy_model(double_batch(titanate)).stress[0]
    for a, b in ((0, 0), (2, 2), (0, 1), (1, 2)):
        ends = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += sign * STEP / 2
            strain[b, a] += sign * STEP / 2
            lattice = Lattice(titanate.lattice.matrix @ strain)
            strained = Structure(lattice, titanate.species, titanate.frac_coords)
            ends.append(float(energy(energy_model, double_batch(strained))))
        numeric = (ends[0] - ends[1]) / (2 * STEP) / titanate.volume
        assert float(stress[a, b]) == pytest.approx(numeric, rel=1e-4, abs=1e-8)


def test_a_squeezed_crystal_pushes_outwards(energy_model, rocksalt, double_batch):
    squeezed = rocksalt.copy()
    squeezed.scale_lattice(rocksalt.volume * 0.15)
    stress = energy_model(double_batch(squeezed)).stress[0]
    assert (stress.diagonal() < 0).all()


def test_forces_sum_to_zero(energy_model, titanate, double_batch):
    forces = energy_model(double_batch(titanate)).forces[0]
    torch.testing.assert_close(forces.sum(0), torch.zeros(3).double(), atol=1e-10, rtol=0)


def test_rotation_turns_forces_and_stress_with_the_crystal(energy_model, titanate, double_batch):
    turn, _ = torch.linalg.qr(
        torch.randn(3, 3, generator=torch.Generator().manual_seed(1)).double()
    )
    lattice = Lattice(titanate.lattice.matrix @ turn.numpy())
    turned = Structure(lattice, titanate.species, titanate.frac_coords)
    first, second = energy_model(double_batch(titanate)), energy_model(double_batch(turned))
    torch.testing.assert_close(second.energy, first.energy, rtol=1e-12, atol=0)
    torch.testing.assert_close(second.forces, first.forces @ turn, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(second.stress, turn.T @ first.stress @ turn, rtol=1e-8, atol=1e-10)


def test_origin_wrapping_and_order_do_not_matter(energy_model, titanate, double_batch):
    reference = energy_model(double_batch(titanate))
    order = [4, 2, 6, 0, 5, 3, 1]
    moved = Structure(
        titanate.lattice,
        [titanate.species[i] for i in order],
        titanate.frac_coords[order] + [0.31, -1.7, 2.2],
    )
    terms = energy_model(double_batch(moved))
    torch.testing.assert_close(terms.energy, reference.energy, rtol=1e-11, atol=0)
    torch.testing.assert_close(terms.forces[0], reference.forces[0, order], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    "matrix",
    [
        [[2, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 1, 0], [-1, 2, 0], [0, 0, 2]],
        [[1, 0, 0], [3, 1, 0], [-2, 1, 1]],
    ],
    ids=["doubled", "sixfold", "another cell"],
)
def test_supercells_and_other_cells_have_the_same_energy_per_atom(
    energy_model, titanate, double_batch, matrix
):
    other = titanate.make_supercell(matrix, in_place=False)
    first, second = energy_model(double_batch(titanate)), energy_model(double_batch(other))
    per_atom = float(first.energy) / len(titanate)
    assert float(second.energy) / len(other) == pytest.approx(per_atom, rel=1e-11)
    torch.testing.assert_close(second.stress, first.stress, rtol=1e-8, atol=1e-10)


def test_the_energy_is_smooth_where_a_neighbour_leaves_the_cutoff(energy_model, double_batch):
    cutoff = energy_model.config.cutoff
    lattice = Lattice.orthorhombic(14, 14, 14)

    def pair(distance: float) -> Structure:
        return Structure(lattice, ["Si", "Si"], [[0, 0, 0], [distance / 14, 0, 0]])

    inside = energy_model(double_batch(pair(cutoff - 1e-4)))
    outside = energy_model(double_batch(pair(cutoff + 1e-4)))
    near = energy_model(double_batch(pair(cutoff - 1.5)))
    assert abs(float(inside.energy - outside.energy)) < 1e-10
    assert inside.forces.abs().max() < 1e-6
    assert outside.forces.abs().max() == 0
    assert near.forces.abs().max() > 1e-4


def test_overlapping_atoms_repel_whatever_the_network_says(energy_model, double_batch):
    lattice = Lattice.cubic(9)
    energies = []
    for distance in (0.02, 0.1, 0.3, 0.6):
        overlapping = Structure(lattice, ["Ti", "O"], [[0, 0, 0], [distance / 9, 0, 0]])
        terms = energy_model(double_batch(overlapping))
        energies.append(float(terms.energy))
        assert terms.forces[0, 0, 0] < 0 < terms.forces[0, 1, 0]
    assert energies == sorted(energies, reverse=True)


def test_every_edge_is_found_once_in_any_cell(titanate, double_batch):
    for structure in (titanate, titanate.make_supercell([[1, 0, 0], [3, 1, 0], [0, -2, 1]])):
        edges = half_neighbours(double_batch(structure), 6.0)
        expected = structure.get_neighbor_list(6.0)[0]
        assert 2 * len(edges.crystal) == len(expected)


def test_training_gradients_of_forces_are_finite_and_reach_the_weights(titanate, double_batch):
    from dao_core.predictor.config import named_config
    from dao_core.predictor.energy_model import EnergyModel

    model = EnergyModel(named_config("tiny-physical")).double()
    terms = model(double_batch(titanate), differentiable=True)
    (terms.forces.square().sum() + terms.stress.square().sum()).backward()
    gradients = [p.grad for p in model.network.blocks.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert any(g.abs().max() > 0 for g in gradients)
