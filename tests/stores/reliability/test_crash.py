"""A writer killed at any moment loses nothing that was acknowledged, and leaves nothing torn."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from stores.maintenance import check
from stores.opening import open_store

ROUNDS = 50
BATCH = 5
FILLER = "x" * 3000
PATIENCE = 120
"""Seconds until the first batch; a hundredth of one on an idle machine."""


def _write_forever(path: Path, round_number: int, acknowledged: int) -> None:
    """In a child: write batches and tell the parent of each one that was committed."""
    store = open_store(path)
    number = 0
    while True:
        batch = f"{round_number}-{number}"
        store.events.update(
            [
                {"event_id": f"{batch}-{part}", "batch": batch, "size": BATCH, "filler": FILLER}
                for part in range(BATCH)
            ]
        )
        os.write(acknowledged, f"{batch}\n".encode())
        number += 1


def _killed_writer(path: Path, round_number: int, seconds: float) -> list[str]:
    """The batches that a writer acknowledged before it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _write_forever(path, round_number, writer)
        finally:
            os._exit(1)
    os.close(writer)
    if round_number % 5:
        # Kill in the midst of writing; the other rounds may die while the store is opened.
        assert select.select([reader], [], [], PATIENCE)[0], "the writer wrote nothing"
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself: see its error above"
    with os.fdopen(reader) as lines:
        return lines.read().split("\n")[:-1]


@pytest.mark.timeout(900)  # ten seconds on an idle machine; each round waits for the disk
def test_sigkill_while_writing_50_rounds(tmp_path: Path) -> None:
    chance = random.Random(5)
    acknowledged: list[str] = []
    for round_number in range(ROUNDS):
        acknowledged += _killed_writer(tmp_path / "s", round_number, chance.uniform(0.0, 0.1))
        with open_store(tmp_path / "s") as store:
            found = [one["batch"] for one in store.events.query(properties=["batch"])]
        counts = {batch: found.count(batch) for batch in set(found)}
        assert set(acknowledged) <= counts.keys()
        assert set(counts.values()) <= {BATCH}
    assert len(acknowledged) >= ROUNDS * 4 // 5
    with open_store(tmp_path / "s") as store:
        assert [fault for fault in check(store) if fault.where == "file"] == []
        assert store.events.damaged() == []


def test_a_store_is_opened_after_a_kill_in_the_midst_of_a_rollback_journal(tmp_path: Path) -> None:
    """As after a kill while a backup, which has no write-ahead log, is opened to be written."""
    with open_store(tmp_path / "s") as store:
        store.events.update([{"event_id": f"e{n}", "filler": FILLER} for n in range(300)])
    connection = sqlite3.connect(tmp_path / "s" / "store.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA cache_size=5")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE events SET doc = '{}'")
    shutil.copytree(tmp_path / "s", tmp_path / "killed")
    connection.close()
    assert (tmp_path / "killed" / "store.sqlite-journal").stat().st_size > 0
    with open_store(tmp_path / "killed") as store:
        assert {one["filler"] for one in store.events.query()} == {FILLER}
        assert store.events.count() == 300
