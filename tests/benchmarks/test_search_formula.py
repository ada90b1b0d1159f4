"""The search from a formula alone: what pw.x cost, and which minima go through it."""

from __future__ import annotations

import importlib
import tarfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

LINE = "     init_run     :      0.79s CPU\n     PWSCF        :{cpu} CPU {cpu} WALL\n"


@pytest.fixture(scope="module")
def formula() -> ModuleType:
    return importlib.import_module("search_formula")


def test_cpu_of_all_runs_and_attempts(formula: ModuleType, tmp_path: Path) -> None:
    for job, cpu in (("job_1", "   4m42.41s"), ("job_2", "   1h 2m"), ("job_3", "     27.97s")):
        (tmp_path / job).mkdir()
        (tmp_path / job / "pw.out").write_text(LINE.format(cpu=cpu))
    (tmp_path / "job_4").mkdir()  # did not begin
    (tmp_path / "job_5").mkdir()  # was killed
    steps = (
        f"     total cpu time spent up to now is {now} secs\n" for now in ("80.1", "      157.0")
    )
    (tmp_path / "job_5" / "pw.out").write_text("".join(steps))
    attempt = tmp_path / "error.1" / "pw.out"
    attempt.parent.mkdir()
    attempt.write_text(LINE.format(cpu="   1d 1h 0m"))
    with tarfile.open(tmp_path / "job_1" / "error.1.tar.gz", "w:gz") as archive:
        archive.add(attempt.parent, "error.1")
    wanted = 4 * 60 + 42.41 + 3720 + 27.97 + 25 * 3600 + 157
    assert formula.pw_seconds(tmp_path) == pytest.approx(wanted)


@pytest.mark.parametrize(("sizes", "ranks"), [((1, 2, 1), [1]), ((1, 2, 7), [1, 3]), ((5, 4), [1])])
def test_the_lowest_and_what_is_common_go_through_pw(
    formula: ModuleType, sizes: tuple[int, ...], ranks: list[int]
) -> None:
    minima = [
        SimpleNamespace(rank=i, members=[0] * n, crystal=SimpleNamespace(structure=[0]))
        for i, n in enumerate(sizes, start=1)
    ]
    found = SimpleNamespace(
        formula="X", minima=minima, samples=[0] * 10, steps=5,
        sampling_seconds=1.0, relaxation_seconds=3.0,
    )  # fmt: skip
    computed = formula.Computed("done", -1.0, seconds=8.0)
    rows = list(formula.dft_rows(found, lambda _: computed, "scf"))
    assert [row["rank"] for row in rows] == ranks
    # ten samples of five steps took a second: a step takes a fiftieth; the search four seconds
    assert rows[0]["over one DAO-G step of one structure"] == 400
    assert rows[0]["over the whole search"] == 2.0
