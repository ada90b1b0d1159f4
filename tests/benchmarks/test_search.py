"""The search benchmark: what it reads off a campaign, and how it compares."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest

from flows.campaign.server import prefect_server


@pytest.fixture(scope="module")
def search() -> ModuleType:
    return importlib.import_module("search")


@pytest.fixture(scope="module")
def arms() -> ModuleType:
    return importlib.import_module("search_arms")


def _row(arm: str, relaxations: int | None, seconds: float | None) -> dict[str, object]:
    return {
        "system": "Cu", "arm": arm, "phase": "Cu fcc", "atoms": 1,
        "above best known (eV/atom)": 0.0, "rank in formula": relaxations and 1,
        "relaxations": relaxations, "search s": seconds,
    }  # fmt: skip


def test_a_phase_has_one_row_with_every_arm(search: ModuleType) -> None:
    other = {**_row("cryspy", 3, 1.0), "phase": "Cu hcp"}
    rows = search.by_phase([_row("dao", 8, 2.0), _row("random", None, None), other])
    assert [row["phase"] for row in rows] == ["Cu fcc", "Cu hcp"]
    assert rows[0]["dao"] == "rank 1, 8, 2.0 s"
    assert rows[0]["random"] == "not found"
    assert rows[0]["cryspy"] == rows[1]["dao"] == "not asked for"


def test_what_is_not_found_counts_as_all_that_was_searched(
    search: ModuleType, arms: ModuleType
) -> None:
    rows = [_row("dao", 8, 2.0), _row("random", None, None)]
    searched = {("Cu", "dao"): arms.Arm([], 20, 10.0, 9.0),
                ("Cu", "random"): arms.Arm([], 20, 50.0, 40.0)}  # fmt: skip
    dao, random = search.summary(rows, searched)
    ratio = "median of seconds to a ground state over those of dao"
    assert (dao[ratio], random[ratio]) == (1.0, 25.0)
    assert (dao["found"], random["found"]) == (1, 0)


def test_draws_pay_for_themselves_alone(
    search: ModuleType, arms: ModuleType, tmp_path: Path
) -> None:
    options = Namespace(out=tmp_path, relax=8, potential="ase:ase.calculators.emt:EMT", seed=0)
    with prefect_server():
        chosen = arms.run_arm("Cu", "random", options)
    drawn = arms.as_drawn(tmp_path / "Cu" / "random", chosen)
    assert drawn.relaxations == chosen.relaxations
    assert sorted(e.energy_per_atom for e in drawn.ends) == sorted(
        e.energy_per_atom for e in chosen.ends
    )
    assert [e.relaxations for e in drawn.ends] == sorted(e.relaxations for e in drawn.ends)
    assert 0 < drawn.ends[0].seconds < drawn.ends[-1].seconds <= chosen.seconds
