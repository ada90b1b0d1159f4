"""A potential: Lennard-Jones argon, with forces and stress by automatic differentiation."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Domain, Evaluation
from dao_core.potentials.base import assemble, structures_or_errors

EPSILON, SIGMA, CUTOFF = 0.0104, 3.40, 8.5  # eV, angstrom, angstrom


class LennardJones:
    """Pairs within a cutoff, where the energy is shifted to zero."""

    level = "lennard-jones-ar-8.5"  # whatever changes an energy changes this name
    domain = Domain(elements=frozenset({"Ar"}))

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Every crystal by itself; one that has no energy costs its own row only."""
        usable, errors = structures_or_errors(batch)
        rows = {}
        for row in usable:
            atoms = batch.mask[row]
            rows[row] = energy_forces_stress(
                batch.frac_coords[row, atoms].double(), batch.lattice[row].double()
            )
        return assemble(batch, rows, errors)


def energy_forces_stress(frac_coords: Tensor, lattice: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Energy (eV), forces ``[n, 3]`` (eV/angstrom), stress ``[3, 3]`` (eV/angstrom^3)."""
    strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    moved = torch.zeros_like(frac_coords, requires_grad=True)
    cell = lattice @ (torch.eye(3, dtype=torch.float64) + (strain + strain.T) / 2)
    # Planes of the lattice lie 1/|column of the inverse| apart: so many cells hold the cutoff.
    reach = math.ceil(float(torch.linalg.inv(lattice).norm(dim=0).max()) * CUTOFF) + 1
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    images = torch.cartesian_prod(steps, steps, steps) @ cell
    positions = (frac_coords % 1) @ cell + moved
    vectors = positions[None, :, None] - positions[:, None, None] + images  # [n, n, images, 3]
    squares = vectors.square().sum(dim=-1)
    inside = squares[(squares > 1e-6) & (squares < CUTOFF**2)]
    energy = (
        pair_energy(inside) - pair_energy(torch.tensor(CUTOFF**2, dtype=squares.dtype))
    ).sum() / 2
    by_moves, by_strain = torch.autograd.grad(energy, (moved, strain))
    return energy.detach(), -by_moves, by_strain / torch.linalg.det(lattice).abs()


def pair_energy(square: Tensor) -> Tensor:
    """4 epsilon ((sigma/r)^12 - (sigma/r)^6), eV, of squared distances (angstrom^2)."""
    sixth = (SIGMA**2 / square) ** 3
    return 4 * EPSILON * (sixth**2 - sixth)
