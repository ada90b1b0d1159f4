"""What every :class:`dao_core.potentials.base.Potential` must do."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import Evaluation, Potential

STRAIN = 1e-3


def check_potential(potential: Potential, crystals: Sequence[Structure]) -> None:
    """Ask a potential about crystals in the ways in which screening and relaxation do.

    Energies belong to crystals and not to batches or cells, and stress is their slope.

    Args:
        potential: What is tested.
        crystals: At least two within its domain, of different sizes.

    Raises:
        AssertionError: It does not do what relaxations and hulls need.
    """
    assert potential.level, "without a level its energies could meet others in a hull"
    for crystal in crystals:
        assert potential.domain.objection(crystal) is None, "give crystals of its domain"
    together = _asked(potential, crystals)
    for row, crystal in enumerate(crystals):
        n = len(crystal)
        alone = _asked(potential, [crystal])
        assert _close(alone.energy[0], together.energy[row]), "depends on the rest of the batch"
        assert _close(alone.forces[0, :n], together.forces[row, :n])
        double = _asked(potential, [crystal.copy().make_supercell([2, 1, 1])])
        assert _close(double.energy[0] / 2, alone.energy[0]), "depends on the cell"
        grown, shrunk = (
            _asked(potential, [crystal.copy().apply_strain([s, 0, 0])]).energy[0]
            for s in (STRAIN, -STRAIN)
        )
        slope = float(grown - shrunk) / (2 * STRAIN) / crystal.volume
        stress = alone.stress[0]
        axis = torch.tensor(crystal.lattice.matrix[0] / crystal.lattice.a, dtype=stress.dtype)
        # The first lattice vector grows, the others stay.
        reciprocal = torch.tensor(crystal.lattice.reciprocal_lattice.matrix[0], dtype=stress.dtype)
        normal = reciprocal / (reciprocal @ axis)
        assert abs(float(axis @ stress @ normal) - slope) < 1e-3, "stress is not dE/dstrain/volume"


def _asked(potential: Potential, crystals: Sequence[Structure]) -> Evaluation:
    found = potential.evaluate(CrystalBatch.from_structures(list(crystals)))
    assert not found.errors, f"{potential.level} cannot: {found.errors}"
    return found


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(torch.allclose(one.double(), other.double(), rtol=1e-4, atol=1e-4))
