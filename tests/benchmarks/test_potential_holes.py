"""Of dense random cells none that fell into a hole of SevenNet would be ranked."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

from dao_core.potentials import load_potential
from dao_core.relax import relax

pytest.importorskip("sevenn")


@pytest.fixture(scope="module")
def holes() -> ModuleType:
    return importlib.import_module("potential_holes")


@pytest.mark.parametrize("formula", ["O3", "SiO2"])
def test_cells_are_dense_but_no_atoms_overlap(holes: ModuleType, formula: str) -> None:
    cell = holes.dense_cell(formula, np.random.default_rng(0))
    assert len(cell) == 3
    distances = cell.distance_matrix[np.triu_indices(3, 1)]
    assert distances.min() >= 0.8 * 2 * 0.66 - 1e-6


@pytest.mark.slow
def test_no_dense_cell_is_ranked_in_a_hole(holes: ModuleType) -> None:
    random = np.random.default_rng(0)
    cells = [holes.dense_cell(formula, random) for formula in ("O3", "SiO2", "AlF2")]
    search = load_potential("dao-p", "cpu")
    minima = [end for end in relax(cells, search, holes.SETTINGS) if end.converged]
    found = holes.row("sevennet-0", cells, minima, search)
    assert found["cells"] == 3
    assert found["ranked holes"] == 0
