"""OPTIMADE servers that answer nonsense, or page in their own way: a clear error, nothing lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from optimade.adapters.structures.pymatgen import from_pymatgen
from pymatgen.core import Lattice, Structure

from dao_core.errors import DaoError
from stores import DaoStore, open_store
from stores.documents import CandidateDocument
from stores.errors import StoreUnreachableError
from stores.ingest import IngestReport, ingest
from stores.ingest.optimade import OptimadeProvider

LARGEST = 3
COUNT = 7


def _resource(number: int, **changed: Any) -> dict[str, Any]:
    a = 4.0 + number / 50
    crystal = Structure(Lattice.cubic(a), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    attributes = from_pymatgen(crystal).model_dump(exclude_unset=True, mode="json")
    attributes["last_modified"] = "2026-01-01T00:00:00Z"
    return {"id": str(number), "type": "structures", "attributes": {**attributes, **changed}}


ALL = [_resource(number) for number in range(COUNT)]


def _page(way: str, asked: dict[str, str], here: str) -> tuple[int, Any]:
    """The answer of a provider with ways of its own."""
    limit = int(asked.get("page_limit", LARGEST))
    if way in {"forbidden", "bad"} and limit > LARGEST:
        detail = f"page_limit must not exceed {LARGEST}"
        return {"forbidden": 403, "bad": 400}[way], {"errors": [{"detail": detail}]}
    if way == "numbers":
        start, key = (int(asked.get("page_number", 1)) - 1) * LARGEST, "page_number"
    else:
        start, key = int(asked.get("page_offset", 0)), "page_offset"
    end = start + LARGEST
    following = end // LARGEST + 1 if key == "page_number" else end
    link: Any = f"{here}?{key}={following}&page_limit={LARGEST}" if end < COUNT else None
    if way == "relative" and link:
        link = "/" + link.split("/", 3)[3]
    if way == "without":
        link = None
    if way == "circle":
        link = f"{here}?page_offset=0&page_limit=100"
    return 200, {
        "data": ALL[start:end],
        "links": {"next": link},
        "meta": {"more_data_available": end < COUNT},
    }


NONSENSE: dict[str, tuple[int, str]] = {
    "a list": (200, "[]"),
    "a text": (200, '"data"'),
    "a number": (200, "5"),
    "no data": (200, "{}"),
    "data is an object": (200, '{"data": {"a": 1}}'),
    "errors are a text": (500, '{"errors": "broken"}'),
    "errors are texts": (403, '{"errors": ["broken"]}'),
    "errors of a filter are a text": (400, '{"errors": "broken"}'),
    "a list of errors": (400, '[{"detail": "broken"}]'),
    "deep": (200, "[" * 100_000),
    "deep data": (200, '{"data": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    "a page": (200, "<html>maintenance</html>"),
    "the next page is a number": (200, '{"data": [], "links": {"next": 5}}'),
    "the next page is a list": (200, '{"data": [], "links": {"next": ["a"]}}'),
    "the next page is a file": (200, '{"data": [], "links": {"next": "file:///etc/passwd"}}'),
    "the link is to a number": (200, '{"data": [], "links": {"next": {"href": 5}}}'),
}
HARMLESS: dict[str, str] = {
    "links are a list": '{"data": [], "links": []}',
    "links are a text": '{"data": [], "links": "next"}',
    "meta is a list": '{"data": [], "links": {}, "meta": []}',
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Address of a server whose first word of the path says how it answers."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            way = parts.path.split("/")[1].replace("_", " ")
            if way in NONSENSE or way in HARMLESS:
                status, text = NONSENSE.get(way) or (200, HARMLESS[way])
            else:
                here = f"http://{self.headers['Host']}{parts.path}"
                status, content = _page(way, dict(parse_qsl(parts.query)), here)
                text = json.dumps(content)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def take(provider: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., IngestReport]:
    """Takes in what the provider gives in a way."""
    monkeypatch.setattr("stores.ingest.optimade.RETRY", 0)

    def run(store: DaoStore, way: str, limit: int | None = None) -> IngestReport:
        source = OptimadeProvider(f"{provider}/{way.replace(' ', '_')}", pause=0.0)
        return ingest(store, source, limit=limit)

    return run


@pytest.mark.parametrize("way", NONSENSE)
def test_nonsense_is_told_with_the_name_of_the_provider(
    take: Callable[..., IngestReport], way: str
) -> None:
    with open_store("memory://") as store:
        with pytest.raises(DaoError, match="optimade:127") as told:
            take(store, way)
        assert len(str(told.value)) < 600
        if "broken" in NONSENSE[way][1]:
            assert "broken" in str(told.value)


@pytest.mark.parametrize("way", HARMLESS)
def test_what_says_nothing_of_further_pages_ends_there(
    take: Callable[..., IngestReport], way: str
) -> None:
    with open_store("memory://") as store:
        assert take(store, way).read == 0


@pytest.mark.parametrize("way", ["absolute", "relative", "numbers", "without", "forbidden", "bad"])
def test_every_way_of_paging_gives_all(take: Callable[..., IngestReport], way: str) -> None:
    with open_store("memory://") as store:
        for wanted in (3, 2, None):
            take(store, way, wanted)
        assert store.ingests.query_one({})["finished"]
        assert {one.origin for one in store.find(CandidateDocument)} == {
            f"user:{number}" for number in range(COUNT)
        }


def test_pages_that_lead_in_a_circle_end(take: Callable[..., IngestReport]) -> None:
    with open_store("memory://") as store, pytest.raises(StoreUnreachableError, match="circle"):
        take(store, "circle")


def test_a_slab_is_no_crystal(monkeypatch: pytest.MonkeyPatch, take: Any) -> None:
    slab = _resource(1, dimension_types=[1, 1, 0], nperiodic_dimensions=2)
    monkeypatch.setitem(HARMLESS, "slab", json.dumps({"data": [slab, "text", None]}))
    with open_store("memory://") as store:
        rejected = take(store, "slab").rejected
        assert rejected == {"unreadable_structure": 1, "not_a_resource": 2}
