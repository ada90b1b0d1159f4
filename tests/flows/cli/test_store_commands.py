"""``dao ingest``, ``dao store`` and ``dao models`` on one small store, as users go through it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import pandas as pd
import pytest
import requests
from ase import Atoms
from ase.build import bulk
from monty.serialization import loadfn
from pymatgen.core import Lattice, Structure

from dao_core.pretrained import SHIPPED
from stores import open_store
from stores.documents import ModelDocument, utc_now
from stores.registry import serving

Dao = Callable[..., Any]
KEYS = {"level", "store", "versions", "seconds"}
PATIENCE = 600
"""Seconds; a server starts in five on an idle machine."""


@pytest.fixture
def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.fixture
def filled(dao: Dao, tmp_path: Path) -> Path:
    """A folder of labelled frames of Mg, O and MgO and of a broken CIF, taken in."""
    folder = tmp_path / "mine"
    folder.mkdir()
    frames = [bulk("Mg", "fcc", a=4.5), Atoms("O", cell=[3, 3, 3], pbc=True)]
    frames += [bulk("MgO", "rocksalt", a=a) for a in (4.2, 4.6, 5.0)]
    for number, (frame, energy) in enumerate(
        zip(frames, (-1.0, -2.0, -9.0, -8.9, -8.0), strict=True)
    ):
        frame.info |= {"energy": energy, "level": "test"}
        ase.io.write(folder / f"{number}.extxyz", frame)
    (folder / "broken.cif").write_text("nothing")
    answer = dao("ingest", str(folder), "--json")
    assert answer.code == 4
    assert answer.result.keys() >= KEYS
    assert answer.result["written"]["inserted"] == 11  # structures, labels, one event
    (rejection,) = answer.result["rejections"]
    assert rejection["entry"] == "broken.cif"
    assert rejection["reason"].startswith("unreadable_file: ")
    return folder


def test_ingest_twice_changes_nothing(dao: Dao, filled: Path) -> None:
    again = dao("ingest", str(filled), "--json")
    assert again.result["written"]["inserted"] == 0
    assert "broken.cif" in dao("ingest", str(filled)).out


def test_query_brings_the_hull_up_to_date(dao: Dao, filled: Path) -> None:
    query = "chemsys=O-Mg e_above_hull<0.3"
    answer = dao("store", "query", query, "--sort", "-energy_above_hull", "--json")
    assert (answer.code, answer.result["level"], answer.result["found"]) == (0, "test", 2)
    above = [one["energy_above_hull"] for one in answer.result["documents"]]
    assert above == [pytest.approx(0.05), 0.0]
    assert "structure" not in answer.result["documents"][0]
    as_mongo = json.dumps({"chemsys": "Mg-O", "energy_above_hull": {"$lt": 0.3}})
    limited = dao("store", "query", as_mongo, "--limit", "1", "--json").result
    assert (len(limited["documents"]), limited["found"]) == (1, 2)
    full = dao("store", "query", "formula=MgO", "--in", "labels", "--full", "--json").result
    assert Structure.from_dict(full["documents"][0]["structure"]).formula == "Mg1 O1"
    assert "unreadable_file" in dao("store", "query", "--in", "events").out
    for wrong in (["colour=red"], ["--in", "nowhere"], ["--sort", "colour"], ['{"$where": "1"}']):
        assert dao("store", "query", *wrong).code == 2


def test_a_store_that_cannot_be_written_is_read_with_a_warning(dao: Dao, filled: Path) -> None:
    store = Path(os.environ["DAO_HOME"])
    for path in (store / "store.sqlite", store):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        answer = dao("store", "query", "--in", "labels", "--json")
    finally:
        store.chmod(0o755)
    assert (answer.code, answer.result["found"]) == (0, 5)


def test_export_in_every_format(dao: Dao, filled: Path, tmp_path: Path) -> None:
    def export(name: str, to: str) -> Path:
        answer = dao("store", "export", "formula=MgO", "--format", to, "--out", name, "--json")
        assert (answer.code, answer.result["structures"]) == (0, 3)
        assert answer.result["level"] == "test"
        return tmp_path / name

    assert {Structure.from_file(file).formula for file in export("cifs", "cif").iterdir()} == {
        "Mg1 O1"
    }
    frames = ase.io.read(export("out/mgo.extxyz", "extxyz"), index=":")
    assert sorted(frame.get_potential_energy() for frame in frames) == pytest.approx(
        [-9.0, -8.9, -8.0]
    )
    table = pd.read_parquet(export("mgo.parquet", "parquet"))
    assert table["energy_above_hull"].min() == 0.0
    entries = loadfn(export("mgo.json", "entries"))
    assert min(entry.energy for entry in entries) == pytest.approx(-9.0)
    nothing = dao("store", "export", "formula=Xe", "--out", "xe")
    assert (nothing.code, "no thermo" in nothing.err) == (2, True)
    assert not (tmp_path / "xe").exists()
    assert dao("store", "export", "--in", "events").code == 2


def test_build_and_training_set(dao: Dao, filled: Path) -> None:
    built = {one["builder"]: one for one in dao("store", "build", "--json").result["builders"]}
    assert list(built) == ["hull", "dedup", "examples", "statistics"]
    assert built["hull"]["taken_in"] == 5
    assert dao("store", "build", "hull", "--json").result["builders"][0]["taken_in"] == 0
    anew = dao("store", "build", "hull", "--anew", "--json").result["builders"][0]
    assert (anew["taken_in"], anew["written"]["updated"]) == (5, 0)
    held_out = dao("store", "test-set", "held", str(filled / "4.extxyz"), "--json")
    assert (held_out.code, held_out.result["formulas"]) == (0, 1)
    result = dao("store", "training-set", "test", "--class", "stable", "--json").result
    assert result["counts"] == {"stable": 2}
    assert sum(result["excluded"].values()) == 3, "all of MgO is in the test set"
    assert set(result["test_sets"]) == {"held"}
    assert dao("store", "training-set", "no-such-level").code == 2


def test_backup_check_restore_migrate(dao: Dao, filled: Path, tmp_path: Path) -> None:
    counts = dao("store", "backup", "copy", "--json").result["documents"]
    assert counts["labels"] == 5
    assert dao("store", "check", "--json").result["faults"] == []
    assert dao("store", "migrate", "--json").result["migrated"] == {}
    restored = dao("store", "restore", "copy", "--store", "other", "--json")
    assert (restored.code, restored.result["documents"]["labels"]) == (0, 5)
    assert dao("store", "restore", "copy", "--store", "other").code == 2, "it holds documents"
    assert dao("store", "restore", "nothing").code == 3
    with sqlite3.connect(tmp_path / "other" / "store.sqlite") as file:
        file.execute("UPDATE labels SET doc = replace(doc, 'test', 'tost') WHERE seq = 1")
    answer = dao("store", "check", "--store", "other", "--json")
    (fault,) = answer.result["faults"]
    assert answer.code == 4
    assert fault["where"].startswith("labels/l-")
    assert dao("store", "query", "--in", "labels", "--store", "other").code != 0


def test_registry_from_register_to_rollback(dao: Dao, tmp_path: Path) -> None:
    predictor = next(file for file in SHIPPED.glob("*.safetensors") if "-p" in file.stem)
    words = ("models", "register", str(predictor), "--kind", "predictor")
    first = dao(*words, "--name", "first", "--json").result["model"]
    with open_store() as store:
        bare = ModelDocument(model_id="0" * 64, kind="predictor", name="bare", registered=utc_now())
        store.put(bare)
    promoted = dao("models", "promote", "first", "--reason", "it is the first", "--json")
    assert (promoted.code, promoted.result["number"]) == (0, 1)
    assert dao("models", "promote", "bare").code == 2, "it has no checkpoint"
    with open_store() as store:
        now = serving(store, "predictor")
    assert now is not None
    assert now.id == first["id"]
    shown = dao("models", "show", first["id"][:10], "--json").result["model"]
    assert shown["serving"]
    assert shown["history"][0]["reason"] == "it is the first"
    rows = dao("models", "list", "--json").result["registered"]
    listed = {one["name"]: one["serving"] for one in rows}
    assert listed == {"first": True, "bare": False}
    assert shown["card"]["kind"]
    assert "it is the first" in dao("models", "show", "first").out
    assert dao("models", "rollback", "predictor").code == 2, "nothing came before it"
    dao("models", "promote", first["id"])
    back = dao("models", "rollback", "predictor", "--json").result
    assert (back["number"], back["action"], back["model_id"]) == (3, "rollback", first["id"])
    assert dao("models", "register", "absent", "--kind", "predictor").code == 3
    assert dao("models", "show", "nobody").code == 2


def test_serving_to_others_says_so(dao: Dao, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr(
        "stores.export.optimade_service.run", lambda app, host, port: served.append(host)
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    for host, warned in (("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)):  # noqa: S104
        answer = dao("store", "serve", "--host", host, "--port", port)
        assert (answer.code, "not this machine alone" in answer.err) == (0, warned)
    assert len(served) == 3


def test_serve_answers_on_this_machine_alone(dao: Dao, filled: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        busy = dao("store", "serve", "--port", str(port))
    assert (busy.code, "cannot listen" in busy.err) == (2, True)
    server = subprocess.Popen(
        [sys.executable, "-m", "flows", "store", "serve", "--port", str(port), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/v1/structures"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                query = {"filter": '_dao_energy_above_hull<0.01 AND elements HAS "Mg"'}
                found = requests.get(url, query, timeout=30).json()["data"]
                break
            except requests.ConnectionError:
                assert server.poll() is None, server.stderr and server.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.2)
        formulas = {one["attributes"]["chemical_formula_reduced"] for one in found}
        assert formulas == {"Mg", "MgO"}
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=PATIENCE)
        assert (server.returncode, "Traceback" in err) == (130, False), err
        answer = json.loads(out)
        assert (answer["url"], answer["structures"]) == (url, 5)
        assert {"level", "store", "versions", "seconds"} <= answer.keys()
    finally:
        server.kill()
        server.wait()
