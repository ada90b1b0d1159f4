"""The offline proof of the loop on copper and gold, where EMT is the truth."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from flows.cli.app import main

CUBIC = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
EMT = "ase:ase.calculators.emt:EMT"


def record(name: str, edge: float, species: list[str]) -> dict[str, Any]:
    structure = Structure(Lattice.cubic(edge), species, CUBIC)
    return {
        "material_id": name,
        "lattice": structure.lattice.matrix.tolist(),
        "atomic_numbers": list(structure.atomic_numbers),
        "frac_coords": structure.frac_coords.tolist(),
    }


@pytest.fixture
def simulate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Run ``dao simulate Cu-Au ... --json`` and return its object."""
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    edges = {"Cu": 3.6, "Au": 4.07, "Ag": 4.06, "Pd": 3.88, "Pt": 3.92, "Ni": 3.5}
    records = [
        record("cu", 3.6, ["Cu"] * 4),
        record("au", 4.07, ["Au"] * 4),
        record("cu3au", 3.74, ["Au", "Cu", "Cu", "Cu"]),
        record("cuau3", 3.98, ["Cu", "Au", "Au", "Au"]),
        *(
            record(f"{one}{two}3", (edges[one] + 3 * edges[two]) / 4, [one, two, two, two])
            for one in ("Ag", "Pd", "Pt")
            for two in edges
            if one != two
        ),
    ]
    with gzip.open(tmp_path / "phases.json.gz", "wt") as file:
        json.dump({"meta": {}, "records": records}, file)

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        fixed = ("--reference", "phases.json.gz", "--truth", EMT, "--out", "sim", "--json")
        assert main(["simulate", "Cu-Au", *fixed, *words]) == code
        return dict(json.loads(capsys.readouterr().out))

    return run


SMALL = ("--seed", "0", "--candidates", "8", "--relax", "6", "--labels", "2", "--max-atoms", "4",
         "--steps", "2")  # fmt: skip


@pytest.mark.slow
@pytest.mark.training
def test_the_loop_is_compared_at_equal_cost_and_goes_on_where_it_stopped(
    simulate: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    first = simulate("--arms", "loop,template", "--rounds", "2", *SMALL)
    rows = {(row["search"], row["rounds"]): row for row in first["rows"] if "search" in row}
    assert set(first["wanted"].values()) <= {"Cu3Au", "CuAu3"}
    assert rows["loop", 1]["labels"] == 2
    # a search that finds fewer new crystals than it may label labels those
    assert 1 <= rows["template", 1]["labels"] <= 2
    assert rows["loop", 2]["relaxations"] > rows["loop", 1]["relaxations"]
    retrained = [row for row in first["rows"] if "retraining" in row]
    assert {(row["model"], row["after round"]) for row in retrained} == {
        ("predictor", 1), ("generator", 1),
    }  # fmt: skip
    assert all("hold" in row["reason"] or "worse than" in row["reason"] for row in retrained)
    assert list((tmp_path / "sim").rglob("retraining/*/dao-p.safetensors")), "not in --out"

    files = sorted((tmp_path / "sim").glob("*/*/round-*.json"))
    assert len(files) == 4
    times = [file.stat().st_mtime_ns for file in files]
    again = simulate("--arms", "loop,template", "--rounds", "2", *SMALL)
    assert again["rows"] == first["rows"]
    assert [file.stat().st_mtime_ns for file in files] == times
    assert "other settings" in simulate("--rounds", "1", *SMALL[:-1], "3", code=2)["error"]


def test_wrong_input_is_named(simulate: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    assert "known are loop" in simulate("--arms", "oracle", code=2)["error"]
    with gzip.open(tmp_path / "phases.json.gz", "wt") as file:
        json.dump({"meta": {}, "records": [record("cu", 3.6, ["Cu"] * 4)]}, file)
    assert "nothing to find" in simulate(code=2)["error"]
