from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dft_inputs.running import ledger as module
from dft_inputs.running.ledger import Ledger

OLD = """
CREATE TABLE attempts (
    attempt TEXT PRIMARY KEY, account TEXT NOT NULL, calculation TEXT NOT NULL,
    cores INTEGER NOT NULL, started REAL NOT NULL, ended REAL
)
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("dft_inputs.running.ledger.time.time", lambda: now[0])
    return now


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.of(tmp_path)


def spans(ledger: Ledger) -> list[float]:
    """From start to end of all attempts by name, s."""
    with sqlite3.connect(ledger.path) as connection:
        found = connection.execute("SELECT ended - started FROM attempts ORDER BY attempt")
        return [seconds for (seconds,) in found]


def test_an_attempt_is_booked_once_with_what_it_has_used(ledger: Ledger) -> None:
    ledger.begin("a", "campaign", "calc", cores=4)
    ledger.see("a", 3600, elapsed=1000)
    ledger.see("a", 3000, elapsed=1010)  # a child that ended a moment ago was not counted
    ledger.end("a", 7200, elapsed=1900)
    ledger.end("a", 9999, elapsed=2000)
    ledger.begin("a", "campaign", "calc", cores=4)
    assert ledger.core_hours() == ledger.core_hours("campaign") == pytest.approx(2.0)
    assert ledger.core_hours("other") == 0.0


def test_neither_waiting_nor_a_jump_of_the_clock_costs_anything(
    ledger: Ledger, clock: list[float]
) -> None:
    ledger.begin("killed", "campaign", "calc", cores=1)
    ledger.see("killed", 1800, elapsed=1801)
    clock[0] += 30 * 86400
    assert ledger.core_hours("campaign") == pytest.approx(0.5)
    assert ledger.open_calculations() == ["calc"]
    ledger.close_abandoned("calc")
    ledger.begin("again", "campaign", "calc", cores=1)
    clock[0] -= 60 * 86400
    ledger.end("again", 1800, elapsed=1802)
    assert ledger.core_hours(calculation="calc") == pytest.approx(1.0)
    assert ledger.open_calculations() == []
    assert spans(ledger) == [1802.0, 1801.0]


def test_an_attempt_killed_at_once_costs_nothing(ledger: Ledger) -> None:
    ledger.begin("killed", "campaign", "calc", cores=1)
    ledger.close_abandoned("calc")
    assert ledger.core_hours() == 0.0
    assert spans(ledger) == [0.0]


def test_other_calculations_of_the_ledger_stay_open(ledger: Ledger) -> None:
    ledger.begin("a", "campaign", "one", cores=1)
    ledger.begin("b", "campaign", "two", cores=1)
    ledger.close_abandoned("one")
    assert ledger.open_calculations() == ["two"]


def test_a_ledger_of_an_earlier_release_keeps_what_it_had_measured(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as connection:
        connection.execute(OLD)
        connection.execute("INSERT INTO attempts VALUES ('a', 'us', 'one', 2, 1000, 2800)")
        connection.execute("INSERT INTO attempts VALUES ('b', 'us', 'two', 2, 1000, NULL)")
    assert ledger.core_hours() == pytest.approx(1.0), "nobody has measured the one that was killed"
    assert ledger.open_calculations() == ["two"]


@pytest.mark.parametrize("attempt", range(20))
def test_calculations_that_begin_a_ledger_together_are_all_booked(
    tmp_path: Path, attempt: int
) -> None:
    ledger, together = Ledger.of(tmp_path), Barrier(8)

    def begin(calculation: int) -> None:
        together.wait()
        ledger.close_abandoned(str(calculation))
        ledger.begin(f"{attempt}-{calculation}", "us", str(calculation), cores=1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(begin, range(8)))
    assert len(spans(ledger)) == 8


def test_calculations_that_begin_a_ledger_together_on_a_slow_disk_all_get_their_turn(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All commits together take longer than SQLite waits for one."""
    bring_up, together = module._bring_up, Barrier(8)

    def slowly(connection: sqlite3.Connection) -> None:
        bring_up(connection)
        time.sleep(0.1)

    monkeypatch.setattr(module, "_bring_up", slowly)
    monkeypatch.setattr(module, "LOCKED_SECONDS", 0.2)

    def begin(calculation: int) -> None:
        together.wait()
        ledger.begin(str(calculation), "us", str(calculation), cores=1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(begin, range(8)))
    assert len(spans(ledger)) == 8
