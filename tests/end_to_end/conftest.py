"""Whole campaigns, in this process or in one of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run_campaign(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Run ``dao campaign ... --json`` in this process and return its object."""
    from flows.cli.app import main

    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        found = main(["campaign", *words, "--json"])
        captured = capsys.readouterr()
        assert found == code, captured.err
        return json.loads(captured.out)

    return run
