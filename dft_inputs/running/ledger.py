"""The ledger of core-hours: every attempt is booked with what it was seen to use, and no more."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dao_core.units import SECONDS_PER_HOUR

SCHEMA = 1
LOCKED_SECONDS = 60.0
"""As long SQLite tries to get at a file that another holds."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    attempt TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    calculation TEXT NOT NULL,
    cores INTEGER NOT NULL,
    started REAL NOT NULL,
    ended REAL
)
"""
_FROM_WALL_TIME = (
    "ALTER TABLE attempts ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN seen REAL",
    "UPDATE attempts SET seconds = cores * MAX(0, ended - started) WHERE ended IS NOT NULL",
)
"""Ledgers of before booked wall time; an attempt that has no end there was measured by nobody."""


@dataclass(frozen=True)
class Ledger:
    """CPU time of the calculations of one folder, in an SQLite file.

    An attempt tells now and then what it has used. One that was killed keeps what it told last:
    neither the time until somebody looks nor a jump of the clock costs anything.
    """

    path: Path

    @classmethod
    def of(cls, root: Path) -> Ledger:
        """The ledger of a folder of calculations."""
        return cls(root / "ledger.sqlite")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._turn():
            # Releases of before do not wait in line, so SQLite's own lock counts as well.
            connection = sqlite3.connect(self.path, timeout=LOCKED_SECONDS, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                _bring_up(connection)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait in line, however long: SQLite's waiting is a lottery with a deadline.

        Every commit waits for the disk several times. With many calculations on a busy disk, some
        would draw no turn in a minute and fail with "database is locked". The system gives the
        turn back when a process dies, however it dies.
        """
        with self.path.with_suffix(".lock").open("w") as line:
            fcntl.flock(line, fcntl.LOCK_EX)
            yield

    def begin(self, attempt: str, account: str, calculation: str, cores: int) -> None:
        """Book the start of an attempt.

        Args:
            attempt: Unique name of the attempt.
            account: Account that pays.
            calculation: Key of the calculation.
            cores: Number of cores that it may use.
        """
        with self._connect() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO attempts (attempt, account, calculation, cores, started) "
                "VALUES (?, ?, ?, ?, ?)",
                (attempt, account, calculation, cores, time.time()),
            )

    def see(self, attempt: str, seconds: float, elapsed: float) -> None:
        """Book what an open attempt has used so far.

        Args:
            attempt: Its name.
            seconds: CPU time of all its processes, s; less than before changes nothing.
            elapsed: Since its start, s, by a clock that does not jump.
        """
        with self._connect() as connection:
            connection.execute(
                "UPDATE attempts SET seconds = MAX(seconds, ?), seen = started + ? "
                "WHERE attempt = ? AND ended IS NULL",
                (seconds, elapsed, attempt),
            )

    def end(self, attempt: str, seconds: float, elapsed: float) -> None:
        """Book the end of an attempt, once; arguments as for :meth:`see`."""
        self.see(attempt, seconds, elapsed)
        with self._connect() as connection:
            connection.execute(
                "UPDATE attempts SET ended = seen WHERE attempt = ? AND ended IS NULL", (attempt,)
            )

    def open_calculations(self) -> list[str]:
        """Keys of the calculations with an attempt that has not ended: it runs, or was killed."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT DISTINCT calculation FROM attempts WHERE ended IS NULL ORDER BY 1"
            )
            return [key for (key,) in rows]

    def close_abandoned(self, calculation: str) -> None:
        """End killed attempts when they were last seen.

        Args:
            calculation: Key of the calculation; the caller holds its lock, so none is running.
        """
        with self._connect() as connection:
            connection.execute(
                "UPDATE attempts SET ended = COALESCE(seen, started) "
                "WHERE calculation = ? AND ended IS NULL",
                (calculation,),
            )

    def core_hours(self, account: str | None = None, calculation: str | None = None) -> float:
        """CPU time that was booked.

        Args:
            account: Only this account.
            calculation: Only this calculation.

        Returns:
            Core-hours.
        """
        with self._connect() as connection:
            (seconds,) = connection.execute(
                "SELECT SUM(seconds) FROM attempts "
                "WHERE (? IS NULL OR account = ?) AND (? IS NULL OR calculation = ?)",
                (account, account, calculation, calculation),
            ).fetchone()
        return float(seconds or 0.0) / SECONDS_PER_HOUR


def _bring_up(connection: sqlite3.Connection) -> None:
    """Make the table, or bring that of an earlier release to the present schema."""
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if schema >= SCHEMA:
        return
    connection.execute(_SCHEMA)
    for statement in _FROM_WALL_TIME:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
