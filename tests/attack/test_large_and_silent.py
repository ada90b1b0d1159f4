"""Numbers that no machine bears, and a Prefect address that accepts and never answers."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.cli.app import main
from flows.prefect_api import ANSWER_SECONDS

CAMPAIGN = ("campaign", "Cu", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
            "--candidates", "4", "--relax", "2", "--max-atoms", "2")  # fmt: skip


@pytest.fixture
def silent() -> Iterator[str]:
    """URL of a server that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}):
            yield url


@pytest.mark.parametrize("words", [CAMPAIGN, ("setup",)], ids=["campaign", "setup"])
def test_a_prefect_address_that_accepts_and_never_answers(
    words: tuple[str, ...], silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert ANSWER_SECONDS < 60, "within a minute"
    monkeypatch.setattr("flows.prefect_api.ANSWER_SECONDS", 0.5)
    monkeypatch.setenv("DAO_HOME", str(tmp_path))
    out = ["--out", str(tmp_path / "out")] if words[0] == "campaign" else []
    begun = time.process_time()
    assert main([*words, *out, "--json"]) == 3
    assert silent in json.loads(capsys.readouterr().out)["error"]
    assert time.process_time() - begun < 60


@pytest.mark.parametrize(
    "words",
    [
        (*CAMPAIGN[:-6], "--candidates", "1000000"),
        (*CAMPAIGN[:-6], "--relax", "1000000"),
        ("generate", "NaCl", "-n", "1000000000"),
        ("fill", "C_cF8_227_a:C", "--guest", "Na", "-n", "1000000000"),
        ("simulate", "Cu-Au", "--candidates", "1000000000"),
    ],
    ids=" ".join,
)
def test_more_than_a_machine_bears_is_refused_at_once(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == 2
