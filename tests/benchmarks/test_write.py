"""BENCHMARKS.md and the cards are what the script writes from the committed records."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = {
    "cpu": "Testium", "cores": 2, "torch_threads": 1, "load_average": 0.1, "torch": "2",
    "python": "3",
}  # fmt: skip


@pytest.fixture(scope="module")
def scripts() -> SimpleNamespace:
    """The scripts as modules; their folder is no package."""
    return SimpleNamespace(
        **{name: importlib.import_module(name).main for name in ("write", "record", "scale")}
    )


def record(room: str, name: str, result: dict[str, object]) -> dict[str, object]:
    common = {"command": "python x.py", "date": "2026-01-02", "seconds": 3.0, "machine": MACHINE}
    return {"room": room, "name": name, **common, "result": result}


def test_committed_pages_are_those_of_the_committed_records(scripts: SimpleNamespace) -> None:
    assert scripts.write(["--check"]) == 0, "run python benchmarks/write.py"


def test_the_costs_of_large_loads_are_those_of_the_records(scripts: SimpleNamespace) -> None:
    assert scripts.scale(["--check"]) == 0, "run python benchmarks/scale.py"


def test_a_section_appears_with_its_record_and_a_changed_figure_is_noticed(
    scripts: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    page = tmp_path / "B.md"
    rows = [{"name": "embedded", "lookup_ms": 0.25}, {"builder": "hull", "seconds": 1.5}]
    content = record("store", "stores", {"rows": rows})
    (tmp_path / "results" / "store.stores.json").write_text(json.dumps(content))
    where = ("--results", str(tmp_path / "results"), "--to", str(page))
    assert scripts.write(where) == 0
    text = page.read_text()
    assert "## Store" in text
    assert "## Sampling" not in text
    assert "| embedded | 0.25 |" in text
    assert "| hull | 1.5 |" in text
    assert "2 cores of Testium" in text
    assert scripts.write(["--check", *where]) == 0
    page.write_text(text.replace("0.25", "0.20"))
    assert scripts.write(["--check", *where]) == 1


def test_the_page_opens_with_both_sides_of_one_record(
    scripts: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    one = {"kind": "backend", "documents": 1000}
    rows = [
        {**one, "name": "embedded", "upserts_per_second": 900.0, "lookup_ms": 0.5},
        {**one, "name": "slow", "upserts_per_second": 100.0, "lookup_ms": 0.4},
        {**one, "name": "best", "upserts_per_second": 300.0, "lookup_ms": 0.25},
        {**one, "name": "smaller", "documents": 10, "upserts_per_second": 9e9, "lookup_ms": 0.0},
    ]
    page = tmp_path / "B.md"
    where = ("--results", str(tmp_path / "results"), "--to", str(page))
    file = tmp_path / "results" / "store.backends.json"
    file.write_text(json.dumps(record("store", "backends", {"rows": rows})))
    assert scripts.write(where) == 0
    lines = page.read_text().splitlines()
    assert lines[2] == "| what | this project | best peer | ratio | command |"
    assert lines[4].endswith("| 900 | 300 (best) | 3 | `python x.py` |")
    assert "| 0.5 | 0.25 (best) | 0.5 |" in lines[5]  # the peer is better, and that is said


def test_searches_are_compared_on_what_was_asked_of_both(scripts: SimpleNamespace) -> None:
    del scripts
    table = importlib.import_module("comparison").comparison
    phase = {"system": "A", "above best known (eV/atom)": 0.0}
    rows = [
        {"arm": "dao", "found": 9},
        {**phase, "dao": "rank 1, 4, 2 s", "cryspy": "rank 1, 10, 1 s"},
        {**phase, "dao": "rank 1, 6, 2.8 s", "cryspy": "not found"},
        {**phase, "dao": "rank 1, 90, 2.8 s", "cryspy": "not asked for"},
        {
            **phase,
            "above best known (eV/atom)": 0.1,
            "dao": "not found",
            "cryspy": "rank 1, 1, 1 s",
        },
    ]
    text = table([record("search", "systems", {"rows": rows})])
    assert "of 2 asked of both | 2 | 1 (CrySPY" in text
    assert "median | 5 | 10 (CrySPY, evolution, told the formula) | 2 |" in text
    assert table([record("search", "other", {"rows": rows})]) == ""


def test_structure_results_say_tolerances_seeds_and_spread(
    scripts: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    result = {
        "task": "structure", "set": "hand", "set_hash": "abc", "n": 4, "k": 2, "seeds": [0, 1],
        "sampler": {"source": "template"}, "cost": {"parameters": 0, "network_evaluations": 0},
        "seconds_per_structure": 0.5, "level": "dao-p@x", "relaxed_per_reference": 0,
        "tolerances": {"loose": "ltol=0.3", "strict": "ltol=0.2", "ranked": "the lowest"},
        "stages": {"generated": {"all": {"match_rate": [0.5, 0.1]}}},
        "overlap": {"formula": 0.25, "structure": 0.0, "clean": 3, "undecided": []},
        "breakdown": [
            {"by": "atoms", "group": "1-2", "n": 4, "first": 0.5, "any": 1.0, "ranked": None}
        ],
        "polymorphs": [
            {"formula": "MgO", "recall": 0.5, "polymorphs": [
                {"material_ids": ["a"], "space_group": "Fm-3m", "natoms": 2, "found": 1.0},
                {"material_ids": ["b"], "space_group": "Pm-3m", "natoms": 2, "found": 0.0},
            ]},
        ],
    }  # fmt: skip
    file = tmp_path / "results" / "structure.hand.json"
    file.write_text(json.dumps(record("structure", "hand", result)))
    page = tmp_path / "B.md"
    where = ["--results", str(tmp_path / "results"), "--to", str(page)]
    assert scripts.write(where) == 0
    text = page.read_text()
    for part in (
        "0.500 ± 0.100", "hash `abc`", "seeds 0, 1", "ltol=0.2", "3 are clean",
        "| 1-2 | 4 | 0.50 | 1.00 | - |", "Fm-3m (2): 1.00, Pm-3m (2): 0.00",
    ):  # fmt: skip
        assert part in text


def test_a_command_that_fails_leaves_no_record(scripts: SimpleNamespace) -> None:
    command = ["store", "fails", "--", "python", "-c", "raise SystemExit(4)"]
    assert scripts.record(command) == 4
    assert not (ROOT / "benchmarks" / "results" / "store.fails.json").exists()
    with pytest.raises(SystemExit):
        scripts.record(["kitchen", "x", "--", "true"])


def test_a_simulation_has_a_plot_that_is_checked_too(
    scripts: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    hits = {"relaxations": [9, 8], "labels": [2, 2], "found": [[1, 4], []], "confirmed": [[2], []]}
    result = {"rows": [{"search": "loop"}], "wanted": {"a": "Cu3Au"}, "hits": {"loop": hits}}
    file = tmp_path / "results" / "loop.Cu-Au.json"
    file.write_text(json.dumps(record("loop", "Cu-Au", result)))
    where = ("--results", str(tmp_path / "results"), "--to", str(tmp_path / "B.md"))
    assert scripts.write(where) == 0
    plot = tmp_path / "benchmarks" / "results" / "loop.Cu-Au.svg"
    assert "(benchmarks/results/loop.Cu-Au.svg)" in (tmp_path / "B.md").read_text()
    assert "stable phases relaxed into" in plot.read_text()
    assert scripts.write(["--check", *where]) == 0
    hits["found"] = [[1], []]
    file.write_text(json.dumps(record("loop", "Cu-Au", result)))
    assert scripts.write(["--check", *where]) == 1
