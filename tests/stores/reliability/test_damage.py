"""Disk full, read-only folders, damaged files: a clear error, nothing corrupted, never empty."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores import DaoStore, open_store
from stores.blobs import FolderBlobs
from stores.errors import (
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from stores.maintenance import check


def _events(count: int, size: int = 2000) -> list[dict[str, object]]:
    return [{"event_id": f"e{number}", "text": "x" * size} for number in range(count)]


def _file(store: DaoStore) -> Path:
    assert store.file is not None
    return store.file


def test_full_disk_refuses_the_write_and_keeps_the_rest(embedded: DaoStore) -> None:
    embedded.events.update(_events(10))
    with embedded.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFullError, match="no space left"):
        embedded.events.update([{"event_id": f"n{n}", "text": "y" * 9000} for n in range(50)])
    assert embedded.events.count() == 10
    connection.execute("PRAGMA max_page_count=1000000")
    embedded.events.update({"event_id": "after"})
    assert embedded.events.count() == 11
    assert [fault for fault in check(embedded) if fault.where == "file"] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("on this machine this user may not mount a small file system")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_disk_that_really_fills_up(small_disk: Path) -> None:
    written: list[int] = []

    def fill(store: DaoStore) -> None:
        for number in range(200):
            store.events.update({"event_id": f"e{number}", "text": "x" * 20_000})
            written.append(number)

    with open_store(small_disk / "s") as store:
        with pytest.raises(StoreFullError, match="no space left"):
            fill(store)
        with pytest.raises(StoreFullError, match="no space left for a blob"):
            store.blobs.put(os.urandom(2_000_000))
        assert list(store.blobs.digests()) == []
    with pytest.raises(StoreFullError):
        open_store(small_disk / "another")
    with open_store(small_disk / "s") as store:
        assert 0 < store.events.count() == len(written)
        assert store.events.damaged() == []
        assert [fault for fault in check(store) if fault.where == "file"] == []


def _unprivileged(work: Callable[[], None]) -> None:
    """Run as a user for whom permissions count, since tests often run as root."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def open_folder():
    """A folder that other users can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="dao-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_read_only_folder_is_named(open_folder: Path) -> None:
    open_folder.chmod(0o555)

    def work() -> None:
        with pytest.raises(StoreReadOnlyError, match=str(open_folder)):
            open_store(open_folder)
        with pytest.raises(StoreReadOnlyError):
            FolderBlobs(open_folder / "blobs").put(b"x")

    _unprivileged(work)
    assert list(open_folder.iterdir()) == []


def test_read_only_store_can_be_read_but_not_written(open_folder: Path) -> None:
    with open_store(open_folder) as store:
        store.events.update(_events(3))
    for file in open_folder.glob("store.sqlite*"):
        file.chmod(0o444)
    open_folder.chmod(0o555)

    def work() -> None:
        with open_store(open_folder) as store:
            assert store.events.count() == 3
            with pytest.raises(StoreReadOnlyError, match="permissions"):
                store.events.update(_events(1))

    _unprivileged(work)
    open_folder.chmod(0o755)
    with open_store(open_folder) as store:
        assert store.events.count() == 3


@pytest.mark.parametrize("content", [b"", b"{}", b"not a database at all, but long enough" * 50])
def test_what_is_not_a_database_is_never_opened_as_empty(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "store.sqlite"
    file.write_bytes(content)
    with pytest.raises(StoreCorruptError):
        open_store(tmp_path)
    assert file.read_bytes() == content


def test_truncated_store_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.events.update(_events(200))
        file = _file(store)
    with file.open("r+b") as handle:
        handle.truncate(file.stat().st_size // 2)
    with pytest.raises(StoreCorruptError, match="restore a backup"):
        open_store(tmp_path)


def test_overwritten_pages_are_refused(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.events.update(_events(200))
        file = _file(store)
    with file.open("r+b") as handle:
        for page in range(40, 60):
            handle.seek(page * 4096)
            handle.write(os.urandom(4096))
    with pytest.raises(StoreCorruptError):
        open_store(tmp_path)


def test_a_changed_letter_in_a_document_is_noticed(embedded: DaoStore) -> None:
    embedded.events.update(_events(3))
    with embedded.transaction() as connection:
        connection.execute("UPDATE events SET doc = replace(doc, 'xxxx', 'xyxx') WHERE key = 'e1'")
    assert embedded.events.query_one({"event_id": "e0"})
    with pytest.raises(StoreCorruptError, match="document e1 of events"):
        embedded.events.query_one({"event_id": "e1"})
    assert "events/e1" in {fault.where for fault in check(embedded)}


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        open_store(tmp_path)


def test_damaged_blob_is_noticed(embedded: DaoStore) -> None:
    digest = embedded.blobs.put(b"charge density")
    assert isinstance(embedded.blobs, FolderBlobs)
    (embedded.blobs.folder / digest[:2] / digest).write_bytes(b"charge densitx")
    with pytest.raises(StoreCorruptError, match="damaged"):
        embedded.blobs.get(digest)
    assert f"blobs/{digest}" in {fault.where for fault in check(embedded)}
