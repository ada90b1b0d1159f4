"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
# A shell that starts the tests in the background has them ignore SIGINT, and so their children.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Prefect reads this when it is imported: the user's own database stays untouched.
PREFECT_HOME = tempfile.TemporaryDirectory(prefix="dao-prefect-", ignore_cleanup_errors=True)
os.environ.setdefault("PREFECT_HOME", PREFECT_HOME.name)


@pytest.fixture(autouse=True)
def no_default_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that the command line names for its process ends with the test that named it."""
    monkeypatch.setenv("DAO_STORE", "")  # what is set here is put back, set or not, at the end
    monkeypatch.delenv("DAO_STORE")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data that ``DAO_SHARED`` names; without it the test is skipped."""
    folder = os.environ.get("DAO_SHARED")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DAO_SHARED does not name the folder of development data")
    return Path(folder)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many processes a test of ``make torture`` kills."""
    return int(os.environ.get("DAO_TORTURE_ROUNDS", "50"))
