"""The machine-readable object of every command."""

from __future__ import annotations

import json

import pytest

from flows.cli.console import emit, emit_error


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
