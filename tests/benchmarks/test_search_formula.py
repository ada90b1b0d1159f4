"""The search from a formula alone: what pw.x cost, and which minima go through it."""

from __future__ import annotations

import importlib
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
LINE = "     init_run     :      0.79s CPU\n     PWSCF        :{cpu} CPU {cpu} WALL\n"


@pytest.fixture(scope="module")
def formula() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield importlib.import_module("search_formula")
    sys.path.remove(str(ROOT / "benchmarks"))


def test_cpu_of_all_runs_and_attempts(formula: ModuleType, tmp_path: Path) -> None:
    for job, cpu in (("job_1", "   4m42.41s"), ("job_2", "   1h 2m"), ("job_3", "     27.97s")):
        (tmp_path / job).mkdir()
        (tmp_path / job / "pw.out").write_text(LINE.format(cpu=cpu))
    (tmp_path / "job_4").mkdir()  # did not begin
    attempt = tmp_path / "error.1" / "pw.out"
    attempt.parent.mkdir()
    attempt.write_text(LINE.format(cpu="   1d 1h 0m"))
    with tarfile.open(tmp_path / "job_1" / "error.1.tar.gz", "w:gz") as archive:
        archive.add(attempt.parent, "error.1")
    wanted = 4 * 60 + 42.41 + 3720 + 27.97 + 25 * 3600
    assert formula.pw_seconds(tmp_path) == pytest.approx(wanted)


@pytest.mark.parametrize(("sizes", "ranks"), [((1, 2, 1), [1]), ((1, 2, 7), [1, 3]), ((5, 4), [1])])
def test_the_lowest_and_what_is_common_go_through_pw(
    formula: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sizes: tuple[int, ...],
    ranks: list[int],
) -> None:
    minima = [SimpleNamespace(rank=i, members=[0] * n) for i, n in enumerate(sizes, start=1)]
    monkeypatch.setattr(formula, "dft_row", lambda _found, minimum, *_: minimum.rank)
    found = SimpleNamespace(minima=minima)
    assert list(formula.dft_rows(found, None, tmp_path)) == ranks
