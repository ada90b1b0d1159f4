"""Remote databases: a local OPTIMADE service, and recorded answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from optimade.validator import ImplementationValidator
from requests.adapters import BaseAdapter

from dao_core.errors import InputError
from stores import open_store
from stores.builders import HullBuilder
from stores.documents import LabelDocument
from stores.errors import StoreUnreachableError
from stores.export.optimade_service import optimade_app
from stores.ingest import ingest
from stores.ingest.optimade import OptimadeProvider


@pytest.fixture
def service(rocksalt, element, put_label) -> Iterator[str]:
    """A served store of five structures."""
    with open_store("memory://") as store:
        put_label(store, element("Mg"), -1.0)
        put_label(store, element("O"), -2.0)
        for a in (4.2, 4.8, 5.4):
            put_label(store, rocksalt(a), -a)
        HullBuilder(store).build()
        app = optimade_app(store)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_the_official_validator_finds_no_fault(service: str) -> None:
    validator = ImplementationValidator(base_url=service, page_limit=3, verbosity=-1)
    validator.validate_implementation()
    assert validator.valid
    assert validator.results.success_count > 40
    assert validator.results.failure_count == 0


@pytest.mark.parametrize(
    ("query", "count"),
    [('CONTAINS "."', 0), ('CONTAINS "gO"', 3), ('STARTS WITH "M"', 4), ('ENDS "O"', 4)],
)
def test_text_in_a_filter_is_no_regular_expression(service: str, query: str, count: int) -> None:
    query = f"chemical_formula_reduced {query}"
    found = requests.get(f"{service}/v1/structures", {"filter": query}, timeout=30).json()["data"]
    assert len(found) == count


def test_own_properties_can_be_asked_for(service: str) -> None:
    query = "_dao_energy_above_hull<0.01 AND nelements=2"
    found = requests.get(f"{service}/v1/structures", {"filter": query}, timeout=30).json()["data"]
    assert len(found) == 1
    assert found[0]["attributes"]["_dao_level"] == "test"
    assert found[0]["attributes"]["_dao_stable_at"] == ["test"]
    fields = requests.get(f"{service}/v1/info/structures", timeout=30).json()["data"]["properties"]
    assert fields["_dao_energy_above_hull"]["unit"] == "eV/atom"


def test_ingest_from_a_provider(service: str, store) -> None:
    facts = {"_dao_energy_above_hull": "energy_above_hull"}
    provider = OptimadeProvider(
        service, 'elements HAS ALL "Mg","O"', level="there", facts=facts, pause=0.0
    )
    report = ingest(store, provider)
    assert (report.read, report.rejected) == (3, {})
    above = [one.energy_above_hull for one in store.find(LabelDocument)]
    assert sorted(above) == [0.0, pytest.approx(0.6), pytest.approx(1.2)]
    assert ingest(store, provider).written.inserted == 0
    with pytest.raises(InputError, match="refuses the filter"):
        ingest(store, OptimadeProvider(service, "elements HAS", pause=0.0))


class _Recorded(BaseAdapter):
    """Answers pages from memory and counts the requests."""

    def __init__(self, pages: list[tuple[int, str]]) -> None:
        super().__init__()
        self.pages = pages
        self.urls: list[str] = []

    def send(self, request, **_: Any) -> requests.Response:
        self.urls.append(request.url)
        answer = requests.Response()
        answer.status_code, text = self.pages[len(self.urls) - 1]
        answer._content = text.encode()
        return answer

    def close(self) -> None:
        """Nothing to close."""


def test_bad_entries_and_bad_answers(store) -> None:
    page = (
        '{"data": [{"id": "7", "type": "structures", "attributes": {}}], "links": {"next": null}}'
    )
    adapter = _Recorded([(200, page), (503, "{}"), (200, "<html>")])
    session = requests.Session()
    session.mount("http://", adapter)
    provider = OptimadeProvider("http://there/optimade/v1/", session=session, pause=0.0)
    report = ingest(store, provider)
    assert report.rejected == {"unreadable_structure": 1}
    assert adapter.urls[0].startswith("http://there/optimade/v1/structures?page_limit=")
    for _ in range(2):
        with pytest.raises(StoreUnreachableError, match="there"):
            ingest(store, provider)
