"""Symmetry operations as projections."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from scipy.spatial.transform import Rotation

from dao_core.errors import InputError
from dao_core.relax import symmetry as symmetry_module
from dao_core.relax.symmetry import symmetrised_start


@pytest.fixture
def rutile():
    """TiO2, turned in space and off its symmetry by less than the tolerance."""
    crystal = Structure.from_spacegroup(
        136, Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
    )
    turn = Rotation.random(random_state=4).as_matrix()
    rng = np.random.default_rng(0)
    strain = np.eye(3) + rng.normal(0, 2e-4, (3, 3))
    coords = crystal.frac_coords + rng.normal(0, 2e-4, crystal.frac_coords.shape)
    return Structure(Lattice(crystal.lattice.matrix @ strain @ turn.T), crystal.species, coords)


def test_the_start_is_moved_onto_its_symmetry(rutile):
    start, symmetry = symmetrised_start(rutile)
    assert SpacegroupAnalyzer(rutile, 1e-6).get_space_group_number() == 1
    assert SpacegroupAnalyzer(start, 1e-8).get_space_group_number() == 136
    assert np.abs(start.lattice.matrix - rutile.lattice.matrix).max() < 5e-3
    assert len(symmetry.rotations) == 16


def test_rotations_are_orthogonal_and_carry_atoms_onto_atoms(rutile):
    start, symmetry = symmetrised_start(rutile)
    eye = torch.eye(3, dtype=torch.float64)
    assert torch.allclose(symmetry.rotations @ symmetry.rotations.mT, eye.expand(16, 3, 3))
    numbers = torch.tensor(start.atomic_numbers)
    assert (numbers[symmetry.images] == numbers).all()


def test_projection_is_idempotent_and_symmetric(rutile):
    _, symmetry = symmetrised_start(rutile)
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    tensor = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    projected = symmetry.project_vectors(vectors)
    assert torch.allclose(symmetry.project_vectors(projected), projected)
    assert torch.allclose(projected[:2], torch.zeros(2, 3, dtype=torch.float64), atol=1e-12)
    assert projected[2:].norm(dim=1).std() < 1e-10
    stress = symmetry.project_tensor(tensor + tensor.T)
    eigenvalues = torch.linalg.eigvalsh(stress)
    gaps = eigenvalues.diff()
    assert float(gaps.min()) == pytest.approx(0, abs=1e-10)
    assert float(gaps.max()) > 1e-3


def test_no_space_group_is_an_input_error(rutile, monkeypatch):
    monkeypatch.setattr(symmetry_module.spglib, "get_symmetry_dataset", lambda *_, **__: None)
    with pytest.raises(InputError, match="without fixed symmetry"):
        symmetrised_start(rutile)
