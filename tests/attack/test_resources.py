"""Too little memory, two releases on one store, and a month of campaigns."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dao_core.errors import InputError
from flows.cli.app import main
from stores import open_store
from stores.documents import EventDocument, utc_now
from stores.errors import StoreError

WORDS = ("--potential", "ase:ase.calculators.emt:EMT", "--sources", "template", "--candidates", "4",
         "--relax", "2", "--max-atoms", "2", "--json")  # fmt: skip
GIGABYTE = 2**30
SYSTEMS = ("Cu", "Ag", "Au", "Cu-Au", "Ag-Cu", "Ag-Au")


@pytest.mark.slow
def test_a_gigabyte_is_enough_for_a_small_campaign(tmp_path: Path) -> None:
    """Of data: the address space that torch reserves is larger, and costs nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "flows", "campaign", "Cu", *WORDS],
        env={**os.environ, "DAO_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}, cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (GIGABYTE, GIGABYTE)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ranking"]


def test_an_older_release_overwrites_nothing_of_a_newer_one(tmp_path: Path) -> None:
    document = EventDocument(event_id="e", kind="k", subject="ours", happened=utc_now())
    with open_store(tmp_path) as store:
        newer = {**document.to_store(), "schema_version": 99, "subject": "theirs", "more": 1}
        store.events.update(newer)
        with pytest.raises(StoreError, match="newer dao"):
            store.put([document, document.model_copy(update={"event_id": "f"})])
        with pytest.raises(InputError, match="newer dao"):
            store.get(EventDocument, "e")
        (kept,) = store.events.query()
        assert (kept["subject"], kept["more"]) == ("theirs", 1)


def measured(home: Path) -> dict[str, float]:
    process = psutil.Process()
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    return {"memory": process.memory_info().rss, "files": process.num_fds(), "store": size}


@pytest.mark.torture
def test_24_campaigns_in_a_row_stay_in_line_with_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("DAO_HOME", str(home))
    figures: list[dict[str, float]] = []
    documents: list[int] = []
    for number in range(24):
        words = ["campaign", SYSTEMS[number % 6], "--seed", str(number), "--out"]
        assert main([*words, str(tmp_path / str(number)), *WORDS]) == 0
        assert json.loads(capsys.readouterr().out)["ranking"]
        figures.append(measured(home))
        with open_store(home) as store:
            documents.append(sum(one.count() for one in store.collections.values()))
    first, last = figures[5], figures[-1]  # by then every system and library was loaded once
    assert last["files"] <= first["files"] + 5
    assert last["memory"] <= first["memory"] + 0.3 * GIGABYTE
    growth = (last["store"] - first["store"]) / (documents[-1] - documents[5])
    assert growth <= 2 * first["store"] / documents[5], "bytes per document"
