"""Backups onto live stores, killed restores, damaged backups: nothing lost, nothing half-done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dao_core.errors import InputError
from flows.cli.app import main
from stores import DaoStore, open_store
from stores.documents import EventDocument, utc_now
from stores.errors import StoreBusyError, StoreCorruptError
from stores.maintenance import back_up, check, restore

WRITER = """
import sys, itertools
from stores import open_store
with open_store(sys.argv[1]) as store:
    for number in itertools.count():
        store.events.update({"event_id": f"live-{number}"})
        print(number, flush=True)
"""
READER = """
import sys
from stores import open_store
with open_store(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""
RESTORE = """
import os, signal, sys
from pathlib import Path
from stores.maintenance import copying, restore
written = 0
copy = copying._copy_batch
def dying(*given):
    global written
    if written == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    written += 1
    copy(*given)
copying._copy_batch = dying
copying.BATCH = 5
restore(Path(sys.argv[1]), sys.argv[2])
"""


def events(*names: str) -> list[EventDocument]:
    return [EventDocument(event_id=n, kind="k", subject="s", happened=utc_now()) for n in names]


def filled(folder: Path, *names: str) -> Path:
    with open_store(folder) as store:
        store.put(events(*names))
    return folder


def names_in(folder: Path | str) -> set[str]:
    with open_store(folder) as store:
        return {one["event_id"] for one in store.events.query()}


def test_a_backup_onto_a_live_store_is_refused_and_its_writer_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = filled(tmp_path / "A", "ours"), filled(tmp_path / "B", "theirs")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(theirs)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        assert main(["store", "backup", str(theirs), "--store", str(ours), "--json"]) == 2
        assert "another store" in json.loads(capsys.readouterr().out)["error"]
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
    finally:
        writer.kill()
        writer.wait()
    assert names_in(theirs) >= {"theirs", *(f"live-{number}" for number in acknowledged)}


def test_a_backup_that_was_written_to_since_is_a_store_and_kept(tmp_path: Path) -> None:
    with open_store(filled(tmp_path / "A", "ours")) as store:
        back_up(store, tmp_path / "B")
        back_up(store, tmp_path / "B")
        filled(tmp_path / "B", "theirs")
        with pytest.raises(InputError, match="written to since"):
            back_up(store, tmp_path / "B")
    assert names_in(tmp_path / "B") == {"ours", "theirs"}


def test_a_backup_that_another_process_has_open_is_not_touched(tmp_path: Path) -> None:
    with open_store(filled(tmp_path / "A", "ours")) as store:
        back_up(store, tmp_path / "B")
        store.put(events("more"))
        words = [sys.executable, "-c", READER, str(tmp_path / "B")]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StoreBusyError, match="open in another"):
            back_up(store, tmp_path / "B")
        process.communicate(b"")
        back_up(store, tmp_path / "B")
    assert names_in(tmp_path / "B") == {"ours", "more"}


def test_two_backups_into_one_folder_at_once_both_succeed(tmp_path: Path) -> None:
    source = filled(tmp_path / "A", *(f"e{number}" for number in range(50)))
    words = [sys.executable, "-m", "flows", "store", "backup", str(tmp_path / "B")]
    words += ["--store", str(source)]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(one.communicate()[1], one.returncode) for one in both]
    assert [code for _, code in ends] == [0, 0], ends
    assert len(names_in(tmp_path / "B")) == 50


def test_a_killed_restore_never_looks_whole_and_can_be_repeated(tmp_path: Path) -> None:
    source = filled(tmp_path / "A", *(f"e{number}" for number in range(30)))
    with open_store(source) as store:
        back_up(store, tmp_path / "B")
    words = [sys.executable, "-c", RESTORE, str(tmp_path / "B"), str(tmp_path / "C")]
    for batches in (0, 1, 3):
        killed = subprocess.run([*words, str(batches)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert names_in(tmp_path / "C") == set()
    restore(tmp_path / "B", str(tmp_path / "C"))
    assert names_in(tmp_path / "C") == names_in(source)
    with pytest.raises(InputError, match="holds events"):
        restore(tmp_path / "B", str(tmp_path / "C"))


def damaged_backup(folder: Path) -> Path:
    """Two damaged documents and a damaged blob."""
    with open_store(filled(folder / "A", "a", "b", "c")) as store:
        store.blobs.put(b"charge density")
        back_up(store, folder / "B")
    with open_store(folder / "B") as store, store.transaction() as connection:
        connection.execute("UPDATE events SET doc = replace(doc, 'k', 'l') WHERE key != 'c'")
    for blob in (folder / "B").rglob("*"):
        if len(blob.name) == 64:
            blob.write_bytes(b"charge densitx")
    return folder / "B"


def test_of_a_damaged_backup_all_faults_are_listed_and_nothing_half_done_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup, target = damaged_backup(tmp_path), tmp_path / "C"
    assert main(["store", "restore", str(backup), "--store", str(target), "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert all(name in error for name in ("events/a", "events/b", "blobs/"))
    assert not target.exists()
    with open_store(tmp_path / "A") as store:
        back_up(store, tmp_path / "sound")
    assert main(["store", "restore", str(tmp_path / "sound"), "--store", str(target)]) == 0


def test_a_backup_whose_blobs_are_gone_is_not_restored(tmp_path: Path) -> None:
    with open_store(filled(tmp_path / "A", "a")) as store:
        store.blobs.put(b"charge density")
        back_up(store, tmp_path / "B")
    shutil.rmtree(tmp_path / "B" / "store.blobs")
    with pytest.raises(StoreCorruptError, match="1 of 1 are missing"):
        restore(tmp_path / "B", str(tmp_path / "C"))


def test_the_check_does_not_stop_at_the_first_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(damaged_backup(tmp_path)) as store:
        wrong = {**events("wrong")[0].to_store(), "happened": "never"}
        store.events.update(wrong)
    faults = listed(tmp_path / "B", capsys)
    assert {"events/a", "events/b", "events/wrong"} <= {one["where"] for one in faults}
    assert any(one["where"].startswith("blobs/") for one in faults)


def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["store", "check", "--store", str(folder), "--json"]) == 4
    faults: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["faults"]
    return faults


def test_the_check_lists_damaged_pages_and_what_is_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = filled(tmp_path / "A", *(f"e{number}" for number in range(400)))
    with open_store(folder) as store, store.transaction() as connection:
        connection.execute("UPDATE models SET doc = 'x'")
        store.models.update({"model_id": "m", "schema_version": 2})
    file = folder / "store.sqlite"
    content = bytearray(file.read_bytes())
    for place in [at for at in range(0, len(content), 4096) if b"e200" in content[at : at + 4096]]:
        content[place : place + 4096] = os.urandom(4096)
    file.write_bytes(content)
    with pytest.raises(StoreCorruptError):
        open_store(folder)
    where = {one["where"] for one in listed(folder, capsys)}
    assert {"file", "models/m"} <= where


def test_a_damaged_store_does_not_replace_its_sound_backup(tmp_path: Path) -> None:
    with open_store(filled(tmp_path / "A", "a", "b")) as store:
        back_up(store, tmp_path / "B")
        damage(store)
        with pytest.raises(StoreCorruptError, match=r"events/a.*is kept"):
            back_up(store, tmp_path / "B")
        copy = back_up(store, tmp_path / "new")
        assert [fault.where for fault in copy.faults] == ["events/a"]
    with open_store(tmp_path / "B") as backup:
        assert check(backup) == []


def damage(store: DaoStore) -> None:
    with store.transaction() as connection:
        connection.execute("UPDATE events SET doc = replace(doc, 'k', 'l') WHERE key = 'a'")


def test_a_backup_onto_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, file = filled(tmp_path / "A", "a"), tmp_path / "notes.txt"
    file.write_text("notes")
    for target in (file, file / "below"):
        assert main(["store", "backup", str(target), "--store", str(source), "--json"]) == 2
        assert "notes.txt" in json.loads(capsys.readouterr().out)["error"]
    assert file.read_text() == "notes"
