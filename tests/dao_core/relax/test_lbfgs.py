"""Directions, caps and acceptance, row by row."""

from __future__ import annotations

import pytest
import torch

from dao_core.relax.lbfgs import STIFFNESS, acceptable, cap, descent_direction, dot, shorter


def quadratic(n_crystals, rows, seed):
    """Hessians over all variables of each crystal, and a product with them."""
    generator = torch.Generator().manual_seed(seed)
    size = 3 * rows
    root = torch.randn(n_crystals, size, size, generator=generator, dtype=torch.float64)
    hessian = root @ root.mT / size + torch.eye(size, dtype=torch.float64)

    def apply(x):
        return (hessian @ x.flatten(1)[..., None]).reshape(x.shape)

    return hessian, apply, generator


def test_with_full_memory_on_a_quadratic_it_is_newton():
    hessian, apply, generator = quadratic(n_crystals=2, rows=4, seed=0)
    # Conjugate steps as exact line searches make them: eigenvectors.
    vectors = torch.linalg.eigh(hessian).eigenvectors
    steps = vectors.mT.reshape(2, 12, 4, 3)
    changes = torch.stack([apply(steps[:, k]) for k in range(12)], dim=1)
    inverse = 1 / (steps * changes).sum(dim=(-2, -1))
    gradient = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    direction = descent_direction(gradient, steps, changes, inverse)
    newton = -torch.linalg.solve(hessian, gradient.flatten(1)).reshape(2, 4, 3)
    assert torch.allclose(direction, newton, atol=1e-10)


def test_without_history_it_is_steepest_descent():
    gradient = torch.randn(3, 5, 3, dtype=torch.float64)
    none = torch.zeros(3, 4, 5, 3, dtype=torch.float64)
    direction = descent_direction(gradient, none, none, torch.zeros(3, 4, dtype=torch.float64))
    assert torch.allclose(direction, -gradient / STIFFNESS)


def test_the_history_of_one_crystal_is_nothing_to_another():
    _, apply, generator = quadratic(n_crystals=2, rows=4, seed=1)
    steps = torch.randn(2, 3, 4, 3, generator=generator, dtype=torch.float64)
    changes = torch.stack([apply(steps[:, k]) for k in range(3)], dim=1)
    inverse = 1 / (steps * changes).sum(dim=(-2, -1))
    gradient = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    both = descent_direction(gradient, steps, changes, inverse)
    first = descent_direction(gradient[:1], steps[:1], changes[:1], inverse[:1])
    assert torch.allclose(both[0], first[0], atol=1e-14)
    assert (dot(both, gradient) < 0).all()


def test_cap_shortens_what_moves_furthest_and_keeps_the_rest():
    direction = torch.zeros(3, 5, 3, dtype=torch.float64)
    direction[0, 4, 0] = 0.5  # an atom too far
    direction[1, 0, 0] = 0.4  # the cell: over sqrt(4) atoms, 0.2
    direction[2, 3, 1] = 0.05
    capped = cap(direction, torch.tensor([4, 4, 4]), 0.1)
    assert capped[0, 4, 0] == pytest.approx(0.1)
    assert capped[1, 0, 0] == pytest.approx(0.2)
    assert torch.equal(capped[2], direction[2])


@pytest.mark.parametrize(
    ("decrease", "new_slope", "taken"),
    [
        (0.5, 9.0, True),  # lower
        (-0.5, 0.0, False),  # higher
        (1e-9, -0.1, True),  # lower by less than sufficient, but flatter
        (-1e-7, 0.1, True),  # level within noise and flatter
        (-1e-7, -0.95, False),  # level within noise but as steep
        (float("nan"), 0.0, False),
    ],
)
def test_acceptance(decrease, new_slope, taken):
    one = torch.ones(1, dtype=torch.float64)
    result = acceptable(decrease * one, one, -one, new_slope * one, noise=1e-6 * one)
    assert bool(result[0]) is taken


def test_a_rejected_step_shrinks_to_the_parabola_within_bounds():
    slope = torch.full((3,), -1.0, dtype=torch.float64)
    length = torch.ones(3, dtype=torch.float64)
    # Energies 0.5, 1000 and NaN above the start: minima of the parabolas at 1/3, 1/2002, none.
    decrease = torch.tensor([-0.5, -1000.0, float("nan")], dtype=torch.float64)
    assert shorter(decrease, length, slope).tolist() == pytest.approx([1 / 3, 0.1, 0.1])
