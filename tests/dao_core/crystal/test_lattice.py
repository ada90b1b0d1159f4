from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice

from dao_core.crystal.lattice import metric_parameters, shortest_bases, successive_minima

FCC = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * 2.0


def test_bases_of_a_cube_are_its_48_symmetries() -> None:
    bases = shortest_bases(np.eye(3) * 4)
    assert len(bases) == 48
    assert metric_parameters(bases * 4.0) == pytest.approx(np.tile([4, 4, 4, 90, 90, 90], (48, 1)))


def test_every_basis_spans_the_lattice_with_its_shortest_vectors() -> None:
    bases = shortest_bases(FCC)
    assert set(np.abs(np.rint(np.linalg.det(bases)))) == {1}
    lengths = metric_parameters(bases @ FCC)[:, :3]
    assert lengths == pytest.approx(2 * np.sqrt(2))


def test_lengths_are_the_successive_minima() -> None:
    lattice = Lattice.from_parameters(3, 5, 9, 80, 85, 95).get_lll_reduced_lattice()
    parameters = metric_parameters(shortest_bases(lattice.matrix) @ lattice.matrix)
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]])
    minima = successive_minima(vectors, np.linalg.norm(vectors @ lattice.matrix, axis=1))
    assert parameters[:, :3] == pytest.approx(np.tile(minima, (len(parameters), 1)), abs=0.021)


def test_nearly_equal_lengths_give_the_bases_of_both_orders() -> None:
    exact = shortest_bases(np.diag([4.0, 5.0, 6.0]))
    nearly = shortest_bases(np.diag([4.0, 5.0, 5.01]))
    assert len(exact) == 8
    assert len(nearly) == 16
