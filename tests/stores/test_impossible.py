"""Labels whose numbers cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from dao_core.errors import InputError
from stores.documents import LabelDocument
from stores.documents.impossible import impossible_reason, lowest_energy


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"energy_per_atom": float("nan")}, "impossible_energy"),
        ({"energy_per_atom": float("-inf")}, "impossible_energy"),
        ({"energy_per_atom": -1e6}, "impossible_energy"),
        ({"energy_per_atom": 1e5}, "impossible_energy"),
        ({"formation_energy_per_atom": float("inf")}, "impossible_formation_energy_per_atom"),
        ({"energy_above_hull": float("nan")}, "impossible_energy_above_hull"),
        ({"band_gap": 1e300}, "impossible_band_gap"),
        ({"forces": [[0.0, 0.0, 0.0]]}, "impossible_forces"),
        ({"forces": [[0.0, 0.0, 0.0], [0.0, 0.0]]}, "impossible_forces"),
        ({"forces": [[0.0] * 3, [0.0, 0.0, float("nan")]]}, "impossible_forces"),
        ({"stress": [[0.0] * 3] * 2}, "impossible_stress"),
        ({"stress": [[float("inf")] * 3] * 3}, "impossible_stress"),
        ({"energy_per_atom": "low"}, "impossible_facts"),
    ],
)
def test_impossible_numbers_make_no_label(rocksalt, facts: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        LabelDocument.of(rocksalt(), level="t", source="test", **facts)


@pytest.mark.parametrize(
    ("formula", "energy"),
    [("H2", -15.9), ("MgO", -1034.7), ("Cu", -45000.0), ("U", -763000.0), ("NaCl", 4.0)],
)
def test_energies_of_real_codes_are_possible(formula: str, energy: float) -> None:
    """Of pseudopotentials and, for copper and uranium, of all electrons."""
    assert impossible_reason({"formula": formula, "energy_per_atom": energy}) is None


def test_no_energy_lies_below_that_of_all_electrons() -> None:
    assert -30.0 < lowest_energy("H") < -13.6
    assert lowest_energy("MgO") == pytest.approx((lowest_energy("Mg") + lowest_energy("O")) / 2)


def test_parts_that_lie_in_the_blobs_are_not_looked_at() -> None:
    assert impossible_reason({"forces": {"$blob": "abc", "bytes": 1}, "nsites": 2}) is None
