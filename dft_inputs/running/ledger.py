"""The ledger of core-hours: every attempt is booked once, whatever happens to it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dao_core.units import SECONDS_PER_HOUR

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


@dataclass(frozen=True)
class Ledger:
    """Core-hours of the calculations of one folder, in an SQLite file.

    An attempt that was killed has no end; the next attempt at the same calculation books it up to
    the last sign of life in its folder.
    """

    path: Path

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=60)
        try:
            connection.execute(_SCHEMA)
            with connection:
                yield connection
        finally:
            connection.close()

    def begin(self, attempt: str, account: str, calculation: str, cores: int) -> None:
        """Book the start of an attempt.

        Args:
            attempt: Unique name of the attempt.
            account: Account that pays.
            calculation: Key of the calculation.
            cores: Number of cores.
        """
        with self._connect() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?, NULL)",
                (attempt, account, calculation, cores, time.time()),
            )

    def end(self, attempt: str) -> None:
        """Book the end of an attempt; a second end changes nothing."""
        with self._connect() as connection:
            connection.execute(
                "UPDATE attempts SET ended = ? WHERE attempt = ? AND ended IS NULL",
                (time.time(), attempt),
            )

    def close_abandoned(self, calculation: str, last_sign: float) -> None:
        """Book killed attempts at a calculation up to the last sign of life.

        Args:
            calculation: Key of the calculation; the caller holds its lock, so none is running.
            last_sign: Time of the last change in its folder, s since the epoch.
        """
        with self._connect() as connection:
            connection.execute(
                "UPDATE attempts SET ended = MAX(started, ?) "
                "WHERE calculation = ? AND ended IS NULL",
                (last_sign, calculation),
            )

    def core_hours(self, account: str | None = None, calculation: str | None = None) -> float:
        """Core-hours that were booked; running attempts count up to now.

        Args:
            account: Only this account.
            calculation: Only this calculation.

        Returns:
            Core-hours.
        """
        with self._connect() as connection:
            (seconds,) = connection.execute(
                "SELECT SUM(cores * (COALESCE(ended, ?) - started)) FROM attempts "
                "WHERE (? IS NULL OR account = ?) AND (? IS NULL OR calculation = ?)",
                (time.time(), account, account, calculation, calculation),
            ).fetchone()
        return float(seconds or 0.0) / SECONDS_PER_HOUR
