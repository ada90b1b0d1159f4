"""OQMD's manners: its own properties, absolute links to further pages, busy answers, filters."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from optimade.adapters.structures.pymatgen import from_pymatgen
from pymatgen.core import Structure
from requests.adapters import HTTPAdapter

from stores import DaoStore
from stores.documents import EventDocument, IngestDocument, LabelDocument
from stores.errors import StoreUnreachableError
from stores.ingest import ingest
from stores.ingest.optimade import OQMD_URL, RETRY, OptimadeProvider, oqmd

PAGE = 2


@dataclass
class Recorded:
    """Entries as OQMD answers them, one page after the other.

    Attributes:
        entries: resources of the endpoint ``structures``.
        busy: how many requests are answered with 429 before the next good one.
        broken_after: offset from which on the server fails for good.
        asked: parameters of each request.
    """

    entries: list[dict[str, Any]]
    busy: int = 0
    broken_after: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        self.asked.append(asked)
        if self.busy:
            self.busy -= 1
            return 429, {}
        offset = int(asked["page_offset"])
        if self.broken_after is not None and offset >= self.broken_after:
            return 404, {}
        after = offset + PAGE
        more = (
            f"{OQMD_URL}/v1/structures?page_offset={after}" if after < len(self.entries) else None
        )
        return 200, {"data": self.entries[offset:after], "links": {"next": more}, "meta": {}}


class _ToRecorded(HTTPAdapter):
    """Sends what is meant for OQMD to the server in this process."""

    def __init__(self, port: int) -> None:
        super().__init__(max_retries=RETRY)
        self.port = port

    def send(self, request: Any, **options: Any) -> requests.Response:
        parts = urlsplit(request.url)
        request.url = f"http://127.0.0.1:{self.port}{parts.path}?{parts.query}"
        return super().send(request, **options)


@pytest.fixture
def recorded(rocksalt: Callable[..., Structure]) -> Recorded:
    """Five entries: three on or above the hull, one below it, one without sites."""
    entries = []
    for number, stability in enumerate((0.0, 0.3, -0.02, 0.1)):
        resource = from_pymatgen(rocksalt(4.2 + number / 5)).model_dump(mode="json")
        own = {"_oqmd_delta_e": -3.0 + number, "_oqmd_stability": stability, "_oqmd_band_gap": 4.5}
        attributes = {**resource, **own, "last_modified": "2020-01-01T00:00:00Z",
                      "structure_features": []}  # fmt: skip
        entries.append({"id": str(4000 + number), "type": "structures", "attributes": attributes})
    entries.insert(2, {"id": "13", "type": "structures", "attributes": {"nsites": 0}})
    return Recorded(entries)


@pytest.fixture
def provider(recorded: Recorded) -> Iterator[OptimadeProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = recorded.answer(self.path)
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session = requests.Session()
    session.mount("https://", _ToRecorded(server.server_port))
    yield oqmd('elements HAS ONLY "Mg","O"', session=session, pause=0.0)
    server.shutdown()
    server.server_close()


def test_every_page_is_read_and_every_property_kept(
    store: DaoStore, recorded: Recorded, provider: OptimadeProvider
) -> None:
    report = ingest(store, provider)
    assert (report.read, report.rejected) == (5, {"unreadable_structure": 1})
    assert report.rejections[0][0] == "13"
    assert recorded.asked[0]["filter"] == 'elements HAS ONLY "Mg","O"'
    assert [one["page_offset"] for one in recorded.asked] == ["0", "2", "4"]
    labels = list(store.find(LabelDocument, {"source": "oqmd"}, sort={"source_id": 1}))
    assert [one.formation_energy_per_atom for one in labels] == [-3.0, -2.0, -1.0, 0.0]
    assert [one.energy_above_hull for one in labels] == [0.0, 0.3, 0.0, 0.1]
    assert {(one.level, one.band_gap, one.energy_per_atom) for one in labels} == {
        ("oqmd", 4.5, None)
    }
    assert [one.subject for one in store.find(EventDocument)] == ["oqmd/13"]
    assert ingest(store, provider).written.inserted == 0


def test_busy_answers_are_waited_out(
    store: DaoStore, recorded: Recorded, provider: OptimadeProvider
) -> None:
    recorded.busy = 2
    assert ingest(store, provider).read == 5
    assert len(recorded.asked) == 3 + 2


def test_an_interrupted_ingest_goes_on_at_its_page(
    store: DaoStore, recorded: Recorded, provider: OptimadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.ingest.ingestion.BATCH", PAGE)
    recorded.broken_after = 4
    with pytest.raises(StoreUnreachableError, match="oqmd answers 404"):
        ingest(store, provider)
    assert next(store.find(IngestDocument)).cursor == "4"
    recorded.broken_after = None
    recorded.asked.clear()
    assert ingest(store, provider).read == 1
    assert [one["page_offset"] for one in recorded.asked] == ["4"]
    assert store.labels.count() == 4
