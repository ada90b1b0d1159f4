"""A smooth periodic Lennard-Jones potential, whose minima can be worked out on paper."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Domain, Evaluation

SIGMA = {12: 2.9, 29: 2.3}
EPSILON = 0.3
CUTOFF = 5.5


def pair_energy(r, sigma):
    """Lennard-Jones, shifted so that energy and force vanish at the cutoff."""

    def raw(x):
        return 4 * EPSILON * ((sigma / x) ** 12 - (sigma / x) ** 6)

    slope = 4 * EPSILON * (-12 * (sigma / CUTOFF) ** 12 + 6 * (sigma / CUTOFF) ** 6) / CUTOFF
    return raw(r) - raw(CUTOFF) - (r - CUTOFF) * slope


class LennardJones:
    """Cu and Mg as Lennard-Jones atoms; energies by a plain sum over images, per crystal."""

    level = "lennard-jones"
    domain = Domain(max_atoms=64, elements=frozenset({"Cu", "Mg"}))

    def __init__(self) -> None:
        self.evaluations = 0
        self.batch_sizes: list[int] = []

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        self.evaluations += len(batch)
        self.batch_sizes.append(len(batch))
        energy = torch.zeros(len(batch), dtype=torch.float64)
        forces = torch.zeros(*batch.mask.shape, 3, dtype=torch.float64)
        stress = torch.zeros(len(batch), 3, 3, dtype=torch.float64)
        for row, n in enumerate(batch.natoms.tolist()):
            lattice, coords = batch.lattice[row], batch.frac_coords[row, :n]
            numbers = batch.atomic_numbers[row, :n]
            cell, cell_forces, cell_stress = self.evaluate_one(numbers, coords, lattice)
            energy[row], forces[row, :n], stress[row] = cell, cell_forces, cell_stress
        return Evaluation(energy, forces, stress)

    @staticmethod
    def evaluate_one(numbers, frac_coords, lattice):
        heights = 1 / torch.linalg.inv(lattice).norm(dim=0)
        reach = torch.ceil(CUTOFF / heights + 1).int().tolist()
        images = itertools.product(*(range(-n, n + 1) for n in reach))
        shifts = torch.tensor(list(images), dtype=torch.float64)
        coords = frac_coords % 1.0
        squared = (((coords[:, None, None] - coords[:, None] + shifts) @ lattice) ** 2).sum(-1)
        first, second, image = torch.nonzero((squared < CUTOFF**2) & (squared > 1e-12)).unbind(1)
        strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
        cart = (coords @ lattice).requires_grad_()
        stretch = torch.eye(3, dtype=torch.float64) + strain
        vectors = (cart[first] - cart[second] + shifts[image] @ lattice) @ stretch
        sigma = torch.tensor([SIGMA[int(z)] for z in numbers], dtype=torch.float64)
        energy = pair_energy(vectors.norm(dim=1), (sigma[first] + sigma[second]) / 2).sum() / 2
        by_position, by_strain = torch.autograd.grad(energy, [cart, strain])
        volume = torch.linalg.det(lattice).abs()
        return energy.detach(), -by_position, by_strain / volume


@pytest.fixture
def lennard_jones():
    return LennardJones()


@pytest.fixture
def fcc_energy():
    """Energy per atom of the fcc Cu crystal as a function of the cubic lattice constant."""
    grid = np.array(list(itertools.product(range(-8, 9), repeat=3)))
    shells = np.linalg.norm(grid[(grid.sum(axis=1) % 2 == 0) & grid.any(axis=1)] / 2, axis=1)

    def energy(a: float) -> float:
        distances = a * shells
        return float(pair_energy(distances[distances < CUTOFF], SIGMA[29]).sum() / 2)

    return energy


@pytest.fixture
def fcc():
    """The primitive cell of fcc Cu."""
    return Structure(Lattice([[0, 1.7, 1.7], [1.7, 0, 1.7], [1.7, 1.7, 0]]), ["Cu"], [[0, 0, 0]])


@pytest.fixture
def rattled():
    """Five crystals of 2 to 6 Cu and Mg atoms, rattled and strained: no symmetry at all."""
    rng = np.random.default_rng(7)
    primitive = Structure(
        Lattice([[0, 1.9, 1.9], [1.9, 0, 1.9], [1.9, 1.9, 0]]), ["Cu"], [[0, 0, 0]]
    )
    conventional = [[-1, 1, 1], [1, -1, 1], [1, 1, -1]]
    crystals = []
    for scaling in ([1, 1, 2], [1, 1, 3], conventional, [1, 2, 2], [1, 2, 3]):
        cell = primitive.make_supercell(scaling, in_place=False)
        strain = np.eye(3) + rng.normal(0, 0.04, (3, 3))
        coords = cell.frac_coords + rng.normal(0, 0.02, cell.frac_coords.shape)
        species = ["Cu", "Mg", "Cu", "Mg", "Mg", "Cu"][: len(cell)]
        crystals.append(Structure(Lattice(cell.lattice.matrix @ strain), species, coords))
    return crystals
