"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
# Prefect reads this when it is imported: the user's own database stays untouched.
PREFECT_HOME = tempfile.TemporaryDirectory(prefix="dao-prefect-", ignore_cleanup_errors=True)
os.environ.setdefault("PREFECT_HOME", PREFECT_HOME.name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data that ``DAO_SHARED`` names; without it the test is skipped."""
    folder = os.environ.get("DAO_SHARED")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DAO_SHARED does not name the folder of development data")
    return Path(folder)
