"""The learning curve of polymorph ranking: what it counts, and the noise that it compares with."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.evaluation.sets import Reference

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def curve() -> ModuleType:
    return importlib.import_module("learning_curve")


@pytest.fixture
def polymorphs(curve: ModuleType) -> Any:
    def crystal(name: str, element: str, energy: float | None) -> Reference:
        return Reference(name, Structure(Lattice.cubic(4), [element], [[0, 0, 0]]), energy)

    found = [
        crystal("a", "Cu", 0.0), crystal("b", "Cu", 0.1), crystal("c", "Cu", 0.11),
        crystal("d", "Au", 0.0), crystal("e", "Au", 0.0),  # equal: no ranking to be had
        crystal("f", "Ag", 0.0), crystal("g", "Ag", None), crystal("h", "Ag", 0.005),
    ]  # fmt: skip
    return curve.Polymorphs.of(found)


def test_only_formulas_with_different_energies_count(polymorphs: Any) -> None:
    assert [r.material_id for r in polymorphs.references] == ["a", "b", "c", "f", "h"]
    assert polymorphs.groups == [[0, 1, 2], [3, 4]]
    assert polymorphs.pairs() == [(0, 1), (0, 2), (1, 2), (3, 4)]


def test_ranking_of_predictions(curve: ModuleType, polymorphs: Any) -> None:
    row = curve.ranking(polymorphs, np.array([0.0, 0.2, 0.1, 0.0, 0.0]))
    assert row["rank correlation"] == pytest.approx((0.5 + 0.0) / 2)
    assert row["pairs in order"] == pytest.approx(2 / 4)
    assert row["of those over 0.02 eV/atom"] == 1.0
    assert row["error of a difference, eV/atom"] == pytest.approx((0.1 + 0.01 + 0.11 + 0.005) / 4)


def test_more_noise_ranks_worse_and_has_the_size_asked_for(
    curve: ModuleType, polymorphs: Any
) -> None:
    rows = [curve.expected_ranking(polymorphs, error) for error in (1e-5, 0.02, 1.0)]
    ranks = [row["expected rank correlation"] for row in rows]
    assert ranks[0] == pytest.approx(1.0)
    assert ranks[0] > ranks[1] > ranks[2]
    noise = np.random.default_rng(0).laplace(scale=0.02 / 1.5, size=(2, 100_000))
    assert np.abs(noise[0] - noise[1]).mean() == pytest.approx(0.02, rel=0.02)


def test_every_shipped_model_comes_out_of_the_history(curve: ModuleType, tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of the repository: there is no history")
    files = list(curve.shipped_models(tmp_path))
    shipped = (ROOT / curve.SHIPPED).read_bytes()
    assert files[-1].read_bytes() == shipped
