from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dft_inputs.running.ledger import Ledger


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("dft_inputs.running.ledger.time.time", lambda: now[0])
    return now


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def test_an_attempt_is_booked_once(ledger: Ledger, clock: list[float]) -> None:
    ledger.begin("a", "campaign", "calc", cores=4)
    clock[0] += 1800
    ledger.end("a")
    clock[0] += 1800
    ledger.end("a")
    ledger.begin("a", "campaign", "calc", cores=4)
    assert ledger.core_hours() == pytest.approx(2.0)


def test_a_running_attempt_counts_up_to_now(ledger: Ledger, clock: list[float]) -> None:
    ledger.begin("a", "campaign", "calc", cores=2)
    clock[0] += 3600
    assert ledger.core_hours("campaign") == pytest.approx(2.0)
    assert ledger.core_hours("other") == 0.0


def test_a_killed_attempt_is_booked_up_to_its_last_sign_of_life(
    ledger: Ledger, clock: list[float]
) -> None:
    ledger.begin("killed", "campaign", "calc", cores=1)
    clock[0] += 7200
    ledger.close_abandoned("calc", last_sign=1000.0 + 1800)
    ledger.begin("again", "campaign", "calc", cores=1)
    clock[0] += 1800
    ledger.end("again")
    assert ledger.core_hours(calculation="calc") == pytest.approx(1.0)


def test_an_attempt_killed_at_once_costs_nothing(ledger: Ledger, clock: list[float]) -> None:
    ledger.begin("killed", "campaign", "calc", cores=1)
    clock[0] += 60
    ledger.close_abandoned("calc", last_sign=0.0)
    assert ledger.core_hours() == 0.0


def test_other_calculations_of_the_ledger_stay_open(ledger: Ledger, clock: list[float]) -> None:
    ledger.begin("a", "campaign", "one", cores=1)
    ledger.begin("b", "campaign", "two", cores=1)
    ledger.close_abandoned("one", last_sign=clock[0])
    with sqlite3.connect(ledger.path) as connection:
        rows = connection.execute("SELECT attempt FROM attempts WHERE ended IS NULL").fetchall()
    assert rows == [("b",)]


@pytest.mark.parametrize("attempt", range(20))
def test_calculations_that_begin_a_ledger_together_are_all_booked(
    tmp_path: Path, attempt: int
) -> None:
    ledger, together = Ledger(tmp_path / "ledger.sqlite"), Barrier(8)

    def begin(calculation: int) -> None:
        together.wait()
        ledger.close_abandoned(str(calculation), 0.0)
        ledger.begin(f"{attempt}-{calculation}", "us", str(calculation), cores=1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(begin, range(8)))
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        assert connection.execute("SELECT COUNT(*) FROM attempts").fetchone() == (8,)
