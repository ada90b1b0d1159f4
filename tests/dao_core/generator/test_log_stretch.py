from __future__ import annotations

import torch

from dao_core.generator.log_stretch import lattice_from_log_stretch, log_stretch


def test_round_trip_keeps_the_metric() -> None:
    torch.manual_seed(0)
    lattice = torch.eye(3, dtype=torch.float64) * 4 + torch.rand(8, 3, 3, dtype=torch.float64)
    natoms = torch.arange(1.0, 9.0, dtype=torch.float64)
    back = lattice_from_log_stretch(log_stretch(lattice, natoms), natoms)
    torch.testing.assert_close(
        back @ back.transpose(1, 2), lattice @ lattice.transpose(1, 2), rtol=1e-9, atol=1e-9
    )
    assert (torch.linalg.det(back) > 0).all()


def test_rotation_does_not_enter() -> None:
    lattice = torch.rand(1, 3, 3, dtype=torch.float64) + torch.eye(3, dtype=torch.float64) * 5
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))
    one = torch.ones(1, dtype=torch.float64)
    torch.testing.assert_close(log_stretch(lattice @ rotation, one), log_stretch(lattice, one))


def test_a_cube_has_its_edge_on_the_diagonal_and_size_is_taken_out() -> None:
    cube = 4.0 * torch.eye(3, dtype=torch.float64)[None]
    eight = torch.tensor([8.0], dtype=torch.float64)
    expected = torch.tensor([[2.0, 2.0, 2.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    expected[:, :3] = torch.log(expected[:, :3])
    torch.testing.assert_close(log_stretch(cube, eight), expected)


def test_absurd_numbers_give_a_finite_lattice() -> None:
    lattice = lattice_from_log_stretch(torch.full((1, 6), 1e3), torch.ones(1))
    assert torch.isfinite(lattice).all()


def test_a_row_that_is_not_finite_spoils_no_other() -> None:
    numbers = torch.zeros(2, 6)
    numbers[0, 3] = torch.nan
    lattice = lattice_from_log_stretch(numbers, torch.ones(2))
    assert lattice[0].isnan().all()
    torch.testing.assert_close(lattice[1], torch.eye(3))
