"""What an attempt uses, measured while it runs and told to the ledger now and then."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from dft_inputs.running.ledger import Ledger
from dft_inputs.running.request import Limits

logger = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 5.0
"""As much a killed attempt may have used without its being booked, and a budget be overdrawn by."""


def cpu_seconds() -> float:
    """CPU time of this process and of all that it has started, whether they still run or not, s.

    What a launcher starts through another service, such as srun's, is none of them.
    """
    here = psutil.Process()
    total = 0.0
    for process in (here, *here.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:  # it has just ended: its parent's children count it from now on
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@contextmanager
def booked(ledger: Ledger, calculation: str, limits: Limits) -> Iterator[None]:
    """Book what is used inside the block as one attempt at a calculation.

    Args:
        ledger: Where it is booked.
        calculation: Key of the calculation.
        limits: Account and cores.

    Yields:
        Nothing.
    """
    attempt, began, before = uuid.uuid4().hex, time.monotonic(), cpu_seconds()
    over = threading.Event()

    def used() -> tuple[float, float]:
        return cpu_seconds() - before, time.monotonic() - began

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                ledger.see(attempt, *used())
            except sqlite3.OperationalError as error:  # a full disk; the next sign tells it all
                logger.warning("%s: %s", ledger.path, error)

    ledger.begin(attempt, limits.account, calculation, limits.cores_each)
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        ledger.end(attempt, *used())
