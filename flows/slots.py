"""Slots of the work that is done one at a time: training, and DFT."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import get_current_settings

from flows.campaign.server import is_its_own

TRAINING_LIMIT = "dao-training"
DFT_LIMIT = "dao-dft"
LIMITS = {TRAINING_LIMIT: 1, DFT_LIMIT: 1}
"""Global concurrency limits with the number of slots that they begin with."""


@contextmanager
def slot(limit: str) -> Iterator[None]:
    """Hold a slot of a limit inside the block; wait for one where all are taken.

    On a Prefect server the slot of a holder that was killed is free again when its lease ends, and
    a limit that is missing is made rather than ignored. The server inside one process forgets its
    leases with the process, so that the slot of a killed one would stay taken for ever: there a
    lock of the operating system, which dies with its holder, does the same for this machine.

    Args:
        limit: A key of :data:`LIMITS`.
    """
    if is_its_own():
        with _locked(limit):
            yield
        return
    with get_client(sync_client=True) as client:
        make_limit(client, limit)
    with concurrency(limit, strict=True):
        yield


def make_limit(client: SyncPrefectClient, limit: str) -> bool:
    """Make a limit unless it exists, as large as its owner has set it; whether it was made."""
    try:
        client.read_global_concurrency_limit_by_name(limit)
    except ObjectNotFound:
        wanted = GlobalConcurrencyLimitCreate(name=limit, limit=LIMITS[limit])
        try:
            client.create_global_concurrency_limit(wanted)
        except ObjectAlreadyExists:  # by another process, just now
            return False
        return True
    return False


@contextmanager
def _locked(limit: str) -> Iterator[None]:
    lock = FileLock(get_current_settings().home / f"{limit}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logging.getLogger(__name__).warning(
            "waiting for the slot of %s: another process on this machine has it", limit
        )
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
