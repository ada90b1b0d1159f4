"""A server that speaks MongoDB's protocol going away in every kind of write, at every message."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure
from pymongo import MongoClient

from stores import DaoStore, open_store
from stores.builders import DedupBuilder, HullBuilder
from stores.documents import (
    EventDocument,
    LabelDocument,
    ModelDocument,
    StructureDocument,
    ThermoDocument,
    utc_now,
)
from stores.errors import StoreError, StoreUnreachableError
from stores.maintenance import back_up, migrate, restore
from stores.registry import register_model

MOST_CUTS = 8
pytestmark = pytest.mark.slow
WAITING = "serverSelectionTimeoutMS=400"


class Proxy:
    """Passes messages on to a server, until it is told to cut all connections after some more."""

    def __init__(self, server: int) -> None:
        self.server = server
        self.left: int | None = None
        self.answers_first = False
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def is_cut(self) -> bool:
        return self.left is not None and self.left <= 0

    def mend(self) -> None:
        self.left = None

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.is_cut:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self.server))
                self._open += [client, server]
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while message := source.recv(1_000_000):
                if asks and self.left is not None:
                    self.left -= 1
                    if self.is_cut:
                        # Those of now: who connects after the proxy was mended is not cut.
                        cut, self._open = self._open, []
                        if self.answers_first:  # done by the server, which nobody gets to know
                            target.sendall(message)
                            time.sleep(0.1)
                        for end in cut:
                            with suppress(OSError):
                                end.shutdown(socket.SHUT_RDWR)
                        return
                target.sendall(message)
        for end in (source, target):
            end.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "nx-27017"
    process = subprocess.Popen(
        [program, "--db", folder / "wire.db", "-p", str(port), "--log-file", folder / "log",
         "--pid-file", folder / "pid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(600):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.1)
    yield port
    process.kill()
    process.wait()


@pytest.fixture
def proxy(server: int) -> Iterator[Proxy]:
    made = Proxy(server)
    yield made
    made.close()


def empty(port: int) -> None:
    """Remove all documents and blobs of the server."""
    with MongoClient(port=port) as client:
        for name in client.dao.list_collection_names():
            client.dao[name].delete_many({})


def crystal(edge: float) -> Structure:
    return Structure(Lattice.cubic(edge), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def documents() -> list[StructureDocument | LabelDocument]:
    found: list[StructureDocument | LabelDocument] = []
    for structure, energy in (
        (crystal(2.7), -3.0),
        (crystal(2.71), -2.9),
        (Structure(Lattice.cubic(3), ["Mg"], [[0, 0, 0]]), -1.0),
        (Structure(Lattice.cubic(3), ["O"], [[0, 0, 0]]), -2.0),
    ):
        label = LabelDocument.of(structure, level="x", source="test", energy_per_atom=energy)
        found += [StructureDocument.from_structure(structure), label]
    return found


def an_old_model(store: DaoStore) -> None:
    new = ModelDocument(model_id="m", kind="generator", name="m", registered=utc_now()).to_store()
    store.models.update({**new, "schema_version": 1, "trained": new.pop("registered")})


def register(store: DaoStore, folder: Path) -> None:
    (folder / "model").write_bytes(b"weights" * 50_000)
    register_model(store, folder / "model", kind="generator", name="m")


Write = Callable[[DaoStore, Path], object]
KINDS: dict[str, tuple[Write, Write, Callable[[DaoStore], bool]]] = {
    # name: what is there before, the write, whether it is there whole
    "put": (
        lambda store, _: None,
        lambda store, _: store.put(documents()),
        lambda store: store.structures.count() == store.labels.count() == 4,
    ),
    "insert new": (
        lambda store, _: None,
        lambda store, _: store.insert_new(
            EventDocument(event_id="e", kind="k", subject="s", happened=utc_now())
        ),
        lambda store: store.events.count() == 1,
    ),
    "blob": (
        lambda store, _: None,
        lambda store, _: store.blobs.put(b"x" * 900_000),
        lambda store: [len(store.blobs.get(one)) for one in store.blobs.digests()] == [900_000],
    ),
    "remove": (
        lambda store, _: store.put(documents()),
        lambda store, _: store.labels.remove_docs({"level": "x"}),
        lambda store: store.labels.count() == 0,
    ),
    "build": (
        lambda store, _: store.put(documents()),
        lambda store, _: [HullBuilder(store).build(), DedupBuilder(store).build()],
        lambda store: sorted(
            one.formula for one in store.find(ThermoDocument) if one.is_stable
        ) == ["Mg", "MgO", "O2"] and store.duplicates.count() == 4,
    ),
    "migrate": (
        lambda store, _: an_old_model(store),
        lambda store, _: migrate(store),
        lambda store: [one.name for one in store.find(ModelDocument)] == ["m"],
    ),
    "register": (
        lambda store, _: None,
        register,
        lambda store: [len(store.blobs.get(str(one.checkpoint)))
                       for one in store.find(ModelDocument)] == [350_000],
    ),
    "index": (lambda store, _: None, lambda store, _: open_store(store_uri(store)).close(),
              lambda store: True),
}  # fmt: skip


def store_uri(store: DaoStore) -> str:
    return f"{store.uri}?{WAITING}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but not told"])
def test_the_server_goes_away_in_a_write(
    kind: str, done: bool, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    before, write, is_whole = KINDS[kind]
    proxy.answers_first = done
    uri = f"mongodb://127.0.0.1:{proxy.port}/dao?{WAITING}"
    for cut in range(1, MOST_CUTS + 1):
        empty(proxy.server)
        with open_store(uri) as store:
            before(store, tmp_path)
            proxy.left = cut
            with suppress(StoreUnreachableError):  # no other error
                write(store, tmp_path)
            was_cut = proxy.is_cut
            proxy.mend()
        with open_store(uri) as store:  # and what waits is replayed
            write(store, tmp_path)
            assert is_whole(store), f"cut at message {cut}"
        if not was_cut:
            return


def test_the_server_goes_away_in_a_restore(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    with open_store(tmp_path / "ours") as ours:
        ours.put(documents())
        ours.blobs.put(b"x" * 900_000)
        back_up(ours, tmp_path / "backup")
    uri = f"mongodb://127.0.0.1:{proxy.port}/dao?{WAITING}"
    # Beyond the indexes, of which there are more than messages that matter.
    for cut in (80, 90, 95, 100, 105, 110, 120):
        empty(proxy.server)
        proxy.left = cut
        with suppress(StoreUnreachableError):
            restore(tmp_path / "backup", uri)
        proxy.mend()
        with open_store(uri, unsound=True) as store:
            is_unfinished, count = store.is_unfinished, store.labels.count()
        assert is_unfinished or count in {0, 4}, f"half a restore looks whole, cut at {cut}"
        if is_unfinished:
            with pytest.raises(StoreError, match="was interrupted; repeat it"):
                open_store(uri)
        if is_unfinished or count == 0:
            restore(tmp_path / "backup", uri)
        with open_store(uri) as store:
            assert store.structures.count() == store.labels.count() == 4
            assert [len(store.blobs.get(one)) for one in store.blobs.digests()] == [900_000]
