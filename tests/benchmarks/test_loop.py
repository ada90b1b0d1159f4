"""The replay of labels on a small committed pool, as others call it on pools of theirs."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_core.errors import InputError

POOLS = Path(__file__).parents[2] / "benchmarks" / "pools"
KEYS = {
    "rule", "learns", "judges", "area", "area_se", "found_at_5", "found_at_5_se", "coverage_50",
    "coverage_90",
}  # fmt: skip


@pytest.fixture(scope="module")
def answer() -> Any:
    """Of one replay, printed as JSON."""
    loop = importlib.import_module("loop")
    words = ["loop.py", "--pool", str(POOLS / "Li-O.json.gz"), "--labels", "10", "--repeats", "2",
             "--json"]  # fmt: skip
    printed: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", words)
        patch.setattr(loop, "show", lambda result, **_: printed.append(result))
        loop.main()
    assert json.loads(json.dumps(printed[0])) == printed[0]
    return printed[0]


def test_each_rule_has_its_figures(answer: Any) -> None:
    rows = answer["rows"]
    assert all(set(row) == KEYS for row in rows)
    assert [row["rule"] for row in rows[:2]] == ["random", "stability chance"]
    assert (rows[-1]["rule"], rows[-1]["learns"]) == ("hull sampling", True)
    for row in rows:
        assert all(0 <= row[key] <= 1 for key in KEYS - {"rule", "learns", "judges"})


def test_any_rule_that_looks_beats_chance(answer: Any) -> None:
    random, *others = answer["rows"]
    assert min(row["area"] for row in others) > random["area"]


def test_a_second_judge_disputes_crystals_and_replaces_no_label() -> None:
    pytest.importorskip("sevenn")
    files = importlib.import_module("loop_pool_file")
    potentials = importlib.import_module("dao_core.potentials")
    pool = files.read_pool([POOLS / "Li-P.json.gz"], None, 6)
    judged = pool.judged_by(potentials.load_potential("sevennet-0", "cpu"))
    assert (judged.truth == pool.truth).all()
    assert not pool.traits.dispute.any()
    assert judged.traits.dispute.any()
    left = pool.traits.formation - judged.traits.formation - judged.traits.dispute
    fractions = pool.traits.fractions
    by_elements = fractions @ np.linalg.lstsq(fractions, left, rcond=None)[0]
    assert left == pytest.approx(by_elements, abs=1e-6)


def test_a_file_without_labels_is_refused() -> None:
    files = importlib.import_module("loop_pool_file")
    with pytest.raises(InputError, match="no record fits"):
        files.read_pool([POOLS / "Li-O.json.gz"], "Fe-Li", 0)
