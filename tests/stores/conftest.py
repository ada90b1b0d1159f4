"""Stores of every backend, and small crystals."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from stores import DaoStore, open_store
from stores.documents import LabelDocument, StructureDocument


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    for name in ("DAO_BLOBS", "DAO_STORE", "MP_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def rocksalt() -> Callable[..., Structure]:
    """Rocksalt of two elements; a: angstrom."""

    def make(a: float = 4.21, elements: tuple[str, str] = ("Mg", "O")) -> Structure:
        lattice = Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])
        return Structure(lattice, elements, [[0, 0, 0], [0.5, 0.5, 0.5]])

    return make


@pytest.fixture
def element() -> Callable[..., Structure]:
    """Face-centred cubic crystal of one element; a: angstrom."""

    def make(symbol: str, a: float = 4.0) -> Structure:
        lattice = Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])
        return Structure(lattice, [symbol], [[0, 0, 0]])

    return make


@pytest.fixture
def put_label() -> Callable[..., LabelDocument]:
    """Write a structure and its energy."""

    def put(
        store: DaoStore, structure: Structure, energy: float, level: str = "test", **facts: object
    ) -> LabelDocument:
        label = LabelDocument.of(
            structure, level=level, source="test", energy_per_atom=energy, **facts
        )
        store.put([StructureDocument.from_structure(structure), label])
        return label

    return put


@pytest.fixture(params=["memory", "embedded"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DaoStore]:
    """An empty store of each kind that needs no server."""
    uri = "memory://" if request.param == "memory" else str(tmp_path / "store")
    with open_store(uri) as opened:
        yield opened


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[DaoStore]:
    """An empty embedded store."""
    with open_store(tmp_path / "store") as opened:
        yield opened


class WireServer:
    """A server that speaks MongoDB's wire protocol, to be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/dao_test?serverSelectionTimeoutMS=1500"

    def start(self) -> None:
        program = Path(sys.executable).parent / "nx-27017"
        self.process = subprocess.Popen(
            [program, "--db", self.folder / "wire.db", "-p", str(self.port),
             "--log-file", self.folder / "log", "--pid-file", self.folder / "pid"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail("the wire-protocol server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def wire_server(tmp_path: Path) -> Iterator[WireServer]:
    """A running server, empty."""
    server = WireServer(tmp_path)
    server.start()
    yield server
    server.kill()
