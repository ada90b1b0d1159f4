"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data that ``DAO_SHARED`` names; without it the test is skipped."""
    folder = os.environ.get("DAO_SHARED")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DAO_SHARED does not name the folder of development data")
    return Path(folder)
