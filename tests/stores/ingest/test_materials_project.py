"""The Materials Project: its own client, against a local server that answers as its API does."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from mp_api.client import MPRester
from pymatgen.core import Structure

from dao_core.errors import MissingError
from stores import DaoStore, open_store
from stores.documents import IngestDocument, LabelDocument
from stores.errors import StoreUnreachableError
from stores.ingest import ingest, open_source
from stores.ingest.materials_project import MaterialsProject

KEY = "k" * 32


class Api:
    """Summaries by id, what was asked for, and whether it answers at all."""

    def __init__(self, summaries: list[dict[str, Any]]) -> None:
        self.summaries = summaries
        self.asked: list[dict[str, str]] = []
        self.is_down = False

    def answer(self, path: str) -> dict[str, Any]:
        if path.startswith("/heartbeat"):
            return {"version": "9.0", "db_version": "2026.1", "access_controlled_batch_ids": []}
        asked = {name: one[0] for name, one in parse_qs(urlsplit(path).query).items()}
        self.asked.append(asked)
        wanted = asked.get("material_ids")
        fields = asked["_fields"].split(",")
        found = [
            {name: one[name] for name in fields if name in one}
            for one in self.summaries
            if wanted is None or one["material_id"] in wanted.split(",")
        ]
        return {"data": found, "meta": {"total_doc": len(found)}}


@pytest.fixture
def api(rocksalt: Callable[..., Structure]) -> Api:
    good = {
        "structure": rocksalt().as_dict(), "energy_per_atom": -6.3, "energy_above_hull": 0.0,
        "formation_energy_per_atom": -3.0, "band_gap": 4.4, "deprecated": False,
    }  # fmt: skip
    return Api(
        [{**good, "material_id": "mp-1265"}, {**good, "material_id": "mp-9", "deprecated": True}]
    )


@pytest.fixture
def client(api: Api) -> Iterator[MPRester]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500 if api.is_down else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(api.answer(self.path)).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield MPRester(
        KEY,
        endpoint=f"http://127.0.0.1:{server.server_port}/",
        use_document_model=False,
        mute_progress_bars=True,
    )
    server.shutdown()
    server.server_close()


def test_summaries_become_labels(store: DaoStore, api: Api, client: MPRester) -> None:
    report = ingest(store, MaterialsProject("O-Mg", client=client, pause=0.0))
    assert report.rejected == {"deprecated": 1}
    (label,) = store.find(LabelDocument)
    assert (label.source_id, label.energy_per_atom, label.band_gap) == ("mp-1265", -6.3, 4.4)
    assert label.level == "mp-gga-gga+u-mp2020"
    assert ingest(store, MaterialsProject("O-Mg", client=client, pause=0.0)).written.inserted == 0
    kept = [*store.labels.query(), *store.events.query(), *store.ingests.query()]
    assert KEY not in str(kept)


@pytest.mark.parametrize(
    ("system", "scope"),
    [
        ("O-Mg", {"chemsys": "O,Mg,Mg-O"}),
        ("Mg", {"chemsys": "Mg"}),
        ("MgO", {"formula": "MgO"}),
        ("Fe2O3", {"formula": "Fe2O3"}),
    ],
)
def test_systems_and_formulas(
    store: DaoStore, api: Api, client: MPRester, system: str, scope: dict[str, str]
) -> None:
    ingest(store, MaterialsProject(system, client=client, pause=0.0))
    assert scope.items() <= api.asked[0].items()


def test_an_interrupted_ingest_goes_on(
    api: Api, client: MPRester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.ingest.ingestion.BATCH", 1)
    monkeypatch.setattr("stores.ingest.materials_project.PAGE", 1)
    source = MaterialsProject("Mg-O", client=client, pause=0.0)
    with open_store("memory://") as store:
        ingest(store, source, limit=1)
        assert next(store.find(IngestDocument)).cursor == "mp-1265"
        api.asked.clear()
        assert ingest(store, source).read == 1
    assert [one.get("material_ids") for one in api.asked] == [None, "mp-9"]


def test_the_key_is_asked_for_and_never_told(store: DaoStore, api: Api, client: MPRester) -> None:
    with pytest.raises(MissingError, match="MP_API_KEY"):
        open_source("mp:Mg-O")
    api.is_down = True
    with pytest.raises(StoreUnreachableError, match="cannot be asked") as failure:
        ingest(store, MaterialsProject("Mg-O", client=client, pause=0.0))
    assert KEY not in str(failure.value)

    class Leaky:
        def __getattr__(self, _: str) -> Any:
            raise requests.ConnectionError(f"X-API-KEY: {KEY}")

    with pytest.raises(StoreUnreachableError) as leak:
        ingest(store, MaterialsProject("Mg-O", client=Leaky(), pause=0.0))
    assert KEY not in str(leak.value)
    assert leak.value.__cause__ is None


@pytest.mark.parametrize("key", ["too-short", KEY])
def test_a_wrong_key_and_no_network_are_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    nobody = functools.partial(MPRester, endpoint="http://127.0.0.1:9/")
    monkeypatch.setattr("stores.ingest.materials_project.MPRester", nobody)
    monkeypatch.setenv("MP_API_KEY", key)
    with pytest.raises(StoreUnreachableError, match="MP_API_KEY") as failure:
        open_source("mp:Mg-O")
    assert key not in str(failure.value)
