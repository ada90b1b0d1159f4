"""The OPTIMADE service against clients that ask for too much, for nothing, or not at all."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pymatgen.core import Lattice, Structure

from stores import open_store
from stores.documents import StructureDocument
from stores.export import service_limits
from stores.export.optimade_service import optimade_app


@pytest.fixture(scope="module")
def app() -> FastAPI:
    with open_store("memory://") as store:
        for edge in (4.2, 4.4, 4.6):
            crystal = Structure(Lattice.cubic(edge), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
            store.put(StructureDocument.from_structure(crystal))
        return optimade_app(store)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("value", ["0", "-1", "", "x", "1e3", "9" * 5000])
def test_pages_of_no_length(client: TestClient, value: str) -> None:
    answer = client.get("/structures", params={"page_limit": value})
    assert answer.status_code in {400, 403}, answer.text
    assert answer.json()["errors"][0]["detail"]


def test_other_options_that_are_no_numbers(client: TestClient) -> None:
    assert client.get("/structures", params={"page_offset": "-5"}).status_code == 400
    assert (
        client.get("/structures", params={"page_limit": "2"}).json()["meta"]["data_returned"] == 3
    )


@pytest.mark.parametrize(
    "filter_text",
    ["id=" + '"' + "x" * 5000 + '"', " OR ".join(["nsites=1"] * 600),
     "elements HAS ANY " + ",".join(['"Mg"'] * 201)],
)  # fmt: skip
def test_filters_and_value_lists_are_bounded_in_size(client: TestClient, filter_text: str) -> None:
    answer = client.get("/structures", params={"filter": filter_text})
    assert answer.status_code == 400
    assert "than" in answer.json()["errors"][0]["detail"]


def test_every_element_may_be_listed(client: TestClient) -> None:
    elements = ",".join(['"Mg"'] * 118)
    answer = client.get("/structures", params={"filter": f"elements HAS ANY {elements}"})
    assert len(answer.json()["data"]) == 3


def test_filters_are_bounded_in_time(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_limits, "ANSWER_SECONDS", 0.0)
    answer = client.get("/structures", params={"filter": "nsites=1"})
    assert answer.status_code == 503
    assert "ask for less" in answer.json()["errors"][0]["detail"]


@pytest.fixture
def address(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """The service, as ``dao store serve`` runs it, with less patience."""
    monkeypatch.setattr(service_limits, "IDLE_SECONDS", 1.0)
    config = uvicorn.Config(
        app, port=0, log_level="critical", http=service_limits.ImpatientProtocol
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield "127.0.0.1", server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("sent", [b"", b"GET /structures HTTP/1.1\r\nHost: x\r\n"])
def test_idle_connections_are_closed(address: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(address, timeout=60) as idle:
        idle.sendall(sent)
        assert idle.recv(1000) == b""  # closed by the service


def test_a_connection_that_asks_is_answered(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=60) as asking:
        for _ in range(2):
            asking.sendall(b"GET /structures?page_limit=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += asking.recv(100_000)
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["meta"]["data_returned"] == 3
