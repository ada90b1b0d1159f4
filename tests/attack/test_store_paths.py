"""Store paths that are too long, loops, in the home of nobody, or of bytes that are no text."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dao_core.errors import InputError
from dao_core.model_files import model_file
from dao_core.potentials import load_potential
from flows.cli.app import main
from stores import open_store
from stores.documents import EventDocument, utc_now
from stores.maintenance import back_up, check, restore


@pytest.fixture(params=["long", "long below", "loop", "below a loop", "nobody", "nul"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return {
        "long": str(tmp_path / ("x" * 300)),
        "long below": str(tmp_path / "/".join(["x" * 200] * 30)),
        "loop": str(tmp_path / "loop"),
        "below a loop": str(tmp_path / "loop" / "store"),
        "nobody": "~nouser/store",
        "nul": "a\x00b",
    }[request.param]


def test_an_impossible_path(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sound = str(tmp_path / "sound")
    for words in (
        ["store", "info", "--store", path],
        ["store", "backup", path, "--store", sound],
        ["store", "restore", path, "--store", sound],
        ["store", "restore", sound, "--store", path],
    ):
        assert main([*words, "--json"]) in {2, 3}, words
        assert len(json.loads(capsys.readouterr().out)["error"]) < 400
    for call in (load_potential, model_file):
        with pytest.raises((InputError, FileNotFoundError)):
            call(f"dao-p:{path}" if call is load_potential else path)
    if "\x00" in path:
        return  # which no variable can hold
    for variable in ("DAO_STORE", "DAO_BLOBS", "DAO_HOME"):
        with monkeypatch.context() as patch:
            patch.setenv(variable, path)
            words = ["store", "info", "--json"]
            words += ["--store", sound] if variable == "DAO_BLOBS" else []
            assert main(words) in {2, 3}, variable
            assert len(json.loads(capsys.readouterr().out)["error"]) < 400


def test_a_path_of_bytes_that_are_no_utf_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    with open_store(folder / "store") as store:
        store.put(EventDocument(event_id="e", kind="k", subject="s", happened=utc_now()))
        store.blobs.put(b"blob")
        back_up(store, folder / "backup")
    restore(folder / "backup", str(folder / "again"))
    with open_store(folder / "again") as store:
        assert check(store) == []
        assert store.events.count() == 1
    assert main(["store", "info", "--store", str(folder / "store"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["store"].endswith("store.sqlite")
