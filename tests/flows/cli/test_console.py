"""The machine-readable object of every command."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dao_core.errors import InputError
from flows.cli.console import emit, emit_error, set_up_logging, warn
from flows.cli.tables import flat_table


def test_every_object_has_the_keys_that_others_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"rows": []}, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rows"], answer["level"], answer["store"]) == ([], None, None)
    assert answer["versions"]["torch"]
    assert answer["seconds"] > 0


def test_what_a_command_knows_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"level": "chgnet-0.3.0", "store": "here"}, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["level"], answer["store"]) == ("chgnet-0.3.0", "here")


def test_an_error_is_an_object_too_and_a_text_for_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emit_error("no such thing", 3, as_json=True)
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert (answer["error"], answer["exit_code"]) == ("no such thing", 3)
    assert {"level", "store", "versions", "seconds"} <= answer.keys()
    assert "no such thing" in shown.err


@pytest.fixture
def _same_logging() -> Iterator[None]:
    """Logging of the tests as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("_same_logging")
def test_logs_are_json_lines_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAO_LOG_FORMAT", "json")
    monkeypatch.setenv("DAO_LOG_LEVEL", "info")
    set_up_logging(verbose=False)
    logging.getLogger("dao_core").info("relaxed %d", 3)
    logging.getLogger("dao_core").debug("not shown")
    warn("look out")
    emit_error("no such thing", 3, as_json=False)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [
        ("info", "relaxed 3"), ("warning", "look out"), ("error", "no such thing"),
    ]  # fmt: skip
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_an_unknown_level_is_named(
    dao: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_LOG_LEVEL", "loud")
    answer = dao("store", "info")
    assert (answer.code, "DAO_LOG_LEVEL is 'LOUD'" in answer.err) == (2, True)


@pytest.mark.usefixtures("_same_logging")
@pytest.mark.filterwarnings("ignore:Logger")  # no run that Prefect could show them at
@pytest.mark.parametrize(
    ("name", "told"), [("prefect.flow_runs", False), ("prefect.task_runs", True)]
)
def test_what_ends_a_flow_is_told_once(
    capsys: pytest.CaptureFixture[str], name: str, told: bool
) -> None:
    set_up_logging(verbose=False)
    logging.getLogger(name).error("broken", exc_info=InputError("no such thing"))
    logging.getLogger("prefect.flow_runs").error("broken", exc_info=ValueError("a fault of ours"))
    shown = capsys.readouterr().err
    assert ("no such thing" in shown) is told
    assert "a fault of ours" in shown


def test_names_between_colons_stay_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    emit({}, as_json=False, human=flat_table([{"file": "files:key: and :A:"}], ["file"]))
    warn("files:fire: 3 entries")
    shown = capsys.readouterr()
    assert "files:key: and :A:" in shown.out
    assert "files:fire: 3 entries" in shown.err


def test_hydroxides_are_printed_as_chemists_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    emit({}, as_json=False, human=flat_table([{"formula": "Sr(HO)2"}], ["formula"]))
    assert "Sr(OH)2" in capsys.readouterr().out
