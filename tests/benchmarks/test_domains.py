"""The pressures that potentials are declared fit for are those that the committed record shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dao_core.potentials import load_potential

RECORD = Path(__file__).parents[2] / "benchmarks/results/interpretation.pressure-range.json"
RIGHT = 5.0
"""GPa: a mean error of pressures above it counts as bias."""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return json.loads(RECORD.read_text())["result"]["rows"]


def limit_shown(rows: list[dict[str, Any]], level: str) -> float:
    """The edge of the last range of pressures up to which a potential is without bias."""
    limit = 0.0
    for row in (row for row in rows if row["level"] == level):
        if abs(row["bias GPa"]) > RIGHT:
            break
        limit = float(row["PBE pressure"].split()[2])
    return limit


@pytest.mark.parametrize("name", ["dao-p", "chgnet"])
def test_a_domain_ends_where_pressures_go_wrong(rows: list[dict[str, Any]], name: str) -> None:
    potential = load_potential(name)
    assert limit_shown(rows, potential.level) == potential.domain.max_pressure == 80.0
