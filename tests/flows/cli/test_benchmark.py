"""``dao benchmark`` on copper and nickel with a potential that needs no weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

Dao = Callable[..., Any]
EMT = ("--potential", "ase:ase.calculators.emt:EMT")
CONTRACT = {
    "n", "k", "tolerances", "match_rate", "rmse", "metre", "crmse", "strict_rate",
    "ranked_match_rate", "valid_rate", "seconds_per_structure", "seeds", "set_hash", "level",
    "store", "versions", "seconds", "machine", "date", "cost", "breakdown", "polymorphs",
}  # fmt: skip


@pytest.fixture
def metals(tmp_path: Path) -> Path:
    crystals = {
        symbol: Structure(Lattice.from_parameters(d, d, d, 60, 60, 60), [symbol], [[0, 0, 0]])
        for symbol, d in {"Cu": 2.55, "Ni": 2.49}.items()
    }
    rows = [
        {"material_id": s, "cif": c.to(fmt="cif"), "formation_energy_per_atom": 0.0}
        for s, c in crystals.items()
    ]
    file = tmp_path / "metals.csv"
    pd.DataFrame([*rows, {"material_id": "bad", "cif": "no"}]).to_csv(file, index=False)
    return file


def test_templates_find_the_metals(dao: Dao, metals: Path, tmp_path: Path) -> None:
    words = ("benchmark", str(metals), "--source", "template", "-k", "3", "--relax", "3", *EMT)
    answer = dao(*words, "--seed", "0", "--seed", "1", "--processes", "1", "--json")
    assert answer.code == 0, answer.err
    result = answer.result
    assert result.keys() >= CONTRACT
    assert (result["n"], result["k"], result["seeds"]) == (2, 3, [0, 1])
    assert result["match_rate"] == 1
    assert result["stages"]["relaxed_symmetrised"]["all"]["ranked_strict_rate"] == [1.0, 0.0]
    assert result["unreadable"][0].startswith("bad: ")
    table = pd.read_parquet(result["files"]["table"])
    assert len(table) == 4 * 2 * 2 * 3
    again = dao(*words, "--seed", "0", "--processes", "1", "--json").result
    assert again["match_rate"] == 1
    shown = dao(*words, "--processes", "1")
    assert "relaxed_symmetrised" in shown.out
    assert "ltol=0.3" in shown.out


def test_energies_with_a_judge(dao: Dao, metals: Path) -> None:
    words = ("benchmark", str(metals), "--task", "energy", "--relax", "2", *EMT)
    result = dao(*words, "--judge", EMT[1], "--json").result
    assert result["clean"]["n"] == 2
    assert result["disturbed"][0]["lower"] == 1
    assert result["disturbed"][0]["judge"] == result["level"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv"], "does not exist"),
        (["metals.csv", "--atoms", "many"], "write it like 1-20"),
        (["metals.csv", "--atoms", "5-9"], "no reference"),
        (["metals.csv", "--source", "training"], "needs the training set"),
        (["metals.csv", "--potential", "none", "--relax", "1"], "needs a potential"),
        (["metals.csv", "--model", "unknown"], "there is no model"),
    ],
)
def test_wrong_input_is_refused_before_any_work(
    dao: Dao, metals: Path, words: list[str], message: str
) -> None:
    answer = dao("benchmark", *words)
    assert answer.code in (2, 3)
    assert message in answer.err
