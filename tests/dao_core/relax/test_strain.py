"""Log-strain coordinates: the gradient against finite differences."""

from __future__ import annotations

import pytest
import torch

from dao_core.relax.active import enter
from dao_core.relax.strain import deformation, strain_gradient


def energy_and_stress(lattice):
    """A quadratic form of the metric, whose stress is known in closed form."""
    target = torch.tensor([[9.0, 1, 0], [1, 16, 2], [0, 2, 12]], dtype=torch.float64)
    difference = lattice @ lattice.T - target
    # d(L L^T) = 2 L eps L^T, so dE/deps = 4 L^T D L.
    virial = 4 * lattice.T @ difference @ lattice
    return (difference**2).sum(), virial / torch.linalg.det(lattice)


@pytest.mark.parametrize("scale", [0.0, 1e-9, 0.05, 0.4])
def test_strain_gradient_is_the_derivative(scale):
    generator = torch.Generator().manual_seed(2)
    reference = 3.5 * torch.eye(3, dtype=torch.float64)
    reference += 0.3 * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    strain = scale * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    strain = (strain + strain.T) / 2
    lattice = reference @ deformation(strain)
    _, stress = energy_and_stress(lattice)
    gradient = strain_gradient(strain[None], stress[None], torch.linalg.det(lattice)[None])[0]
    for i in range(3):
        for j in range(i, 3):
            nudge = torch.zeros(3, 3, dtype=torch.float64)
            nudge[i, j] = nudge[j, i] = 1e-5
            up, down = (
                energy_and_stress(reference @ deformation(strain + s * nudge))[0] for s in (1, -1)
            )
            analytic = (gradient * nudge).sum() / 1e-5
            assert float((up - down) / 2e-5) == pytest.approx(float(analytic), rel=1e-6, abs=1e-4)


def test_gradient_to_all_variables_of_a_crystal(lennard_jones, rattled):
    active = enter(dict(enumerate(rattled[:2])))
    generator = torch.Generator().manual_seed(5)
    variables = 0.2 * torch.randn(active.position.shape, generator=generator, dtype=torch.float64)
    variables[:, :3] = (variables[:, :3] + variables[:, :3].mT) / 2
    batch = active.crystals(variables)
    evaluation = lennard_jones.evaluate(batch)
    gradient = active.variable_gradient(
        variables, evaluation.forces, evaluation.stress, batch.volume
    )
    along = torch.randn(variables.shape, generator=generator, dtype=torch.float64)
    along[:, :3] = (along[:, :3] + along[:, :3].mT) / 2
    up, down = (
        lennard_jones.evaluate(active.crystals(variables + h * along)).energy for h in (1e-5, -1e-5)
    )
    analytic = (gradient * along)[0, :5].sum(), (gradient * along)[1].sum()
    assert ((up - down) / 2e-5).tolist() == pytest.approx([float(a) for a in analytic], rel=1e-6)


def test_deformation_does_not_rotate():
    strain = torch.tensor([[0.1, 0.2, 0.0], [0.2, -0.1, 0.05], [0.0, 0.05, 0.3]]).double()
    stretch = deformation(strain)
    assert torch.allclose(stretch, stretch.T)
    assert float(torch.linalg.det(stretch)) == pytest.approx(float(strain.trace().exp()))
