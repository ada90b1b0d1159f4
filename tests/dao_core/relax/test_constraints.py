"""Cells and atoms that are held stay where they are, and the others go to their minimum."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


@pytest.fixture
def rattled() -> Structure:
    copper = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.7), ["Cu"], [[0, 0, 0]])
    copper.translate_sites([1], [0.04, -0.03, 0.02])
    copper.translate_sites([2], [0.0, 0.03, 0.03])
    return copper


def test_a_fixed_cell_keeps_its_stress_and_loses_its_forces(
    emt: Potential, rattled: Structure
) -> None:
    (result,) = relax([rattled], emt, RelaxSettings(fix_cell=True, pressure=5.0))
    assert result.converged
    assert result.structure.lattice == rattled.lattice
    assert result.max_force is not None
    assert result.max_force <= 0.05
    assert result.energy_per_atom is not None
    assert result.energy_per_atom_before is not None
    assert result.energy_per_atom < result.energy_per_atom_before


def test_held_atoms_stay_and_others_move(emt: Potential, rattled: Structure) -> None:
    held = rattled.copy()
    held.add_site_property("selective_dynamics", [[True] * 3, [False] * 3, [True] * 3, [True] * 3])
    free, fixed = relax([rattled, held], emt, RelaxSettings(fix_cell=True))
    assert np.allclose(fixed.structure.frac_coords[1], rattled.frac_coords[1] % 1)
    assert not np.allclose(fixed.structure.frac_coords[2], rattled.frac_coords[2] % 1, atol=1e-3)
    assert free.energy_per_atom is not None
    assert fixed.energy_per_atom is not None
    assert free.energy_per_atom <= fixed.energy_per_atom + 1e-4


def test_contradictions_cost_that_crystal_alone(emt: Potential, rattled: Structure) -> None:
    partly, held = rattled.copy(), rattled.copy()
    partly.add_site_property("selective_dynamics", [[True, True, False]] * 4)
    held.add_site_property("selective_dynamics", [[False] * 3] * 4)
    first, second = relax([partly, rattled], emt)
    assert first.stop_reason == "unusable"
    assert "all directions or in none" in str(first.error)
    assert second.converged
    (refused,) = relax([held], emt, RelaxSettings(fix_symmetry=True))
    assert "choose one" in str(refused.error)
