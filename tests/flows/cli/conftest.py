"""The command line as its users call it, in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.cli.app import main


@dataclass(frozen=True)
class Answer:
    """What one call of ``dao`` gave back."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        return json.loads(self.out)


Dao = Callable[..., Answer]


@pytest.fixture
def dao(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dao:
    """Call ``dao`` with a data folder and a working folder of its own."""
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAO_STORE", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Answer:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call
