"""What people type: targets, settings files, filters. A result or a typed error, and no hang."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymatgen.core import Element, Lattice, Structure
from ruamel.yaml import YAML

from dao_core.search.compositions import parse_target
from dao_core.settings_file import read_settings
from flows.campaign.config_file import build_request
from flows.campaign.request import CampaignRequest
from stores import open_store
from stores.documents import DOCUMENTS, LabelDocument, StructureDocument
from stores.export.optimade_service import FIELDS, optimade_app
from stores.query import OPERATORS, parse_query

pytestmark = pytest.mark.fuzz
fuzz = settings.get_profile("fuzz")
Call = Callable[..., Any]

SYMBOLS = st.sampled_from([element.symbol for element in Element] + ["X", "Xx", "D", "T", "mg"])
AMOUNTS = st.one_of(
    st.just(""),
    st.integers(0, 10**30).map(str),
    st.floats().map(str),
    st.sampled_from(["0", "-1", "1e400", "00", "²", "(", ")", "[", "]2", "+", "-", "--"]),
)
TARGETS = st.one_of(
    st.lists(st.tuples(SYMBOLS, AMOUNTS).map("".join), max_size=8).map("".join),
    st.lists(SYMBOLS, max_size=8).map("-".join),
    st.text(max_size=30),
    st.text("MgOCaFe0123456789().[]{}-+*e \t", max_size=40),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12),
    st.dates(), st.datetimes(), TARGETS,
    st.sampled_from(["auto", "Mg-O", "dao-g", "template", "qe", "none", "1,2", "mongodb://a:b@c"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=6,
)
SETTINGS = st.dictionaries(
    st.sampled_from([*CampaignRequest.model_fields]) | st.text(max_size=8), VALUES, max_size=6
)
CAMPAIGN = b"""\
# a campaign
targets: [Mg-O]
candidates: 200
relax: 48
z: [1, 2, 4]
pressure: 12.5
sources:
  - dao-g
  - template
dft: qe
dft_budget: 3
dft_core_hours: 10
approve: ask
seed_structures: &mine ["a.cif", 'b.cif']
"""


@fuzz
@given(texts=st.lists(TARGETS, max_size=4))
@example(texts=["(" * 500 + "O" + ")" * 500])
@example(texts=["Mg" + "9" * 400])
def test_targets(typed: Call, texts: list[str]) -> None:
    found = typed(parse_target, texts)
    if not isinstance(found, Exception):
        again = [found.name] if found.is_system else [one.reduced for one in found.formulas]
        assert parse_target(again).elements == found.elements != ()


@fuzz
@given(data=st.data())
def test_damaged_settings_files(typed: Call, damaged: Call, file: Call, data: Any) -> None:
    _read_campaign(typed, file("campaign.yaml", data.draw(damaged(CAMPAIGN))))


@fuzz
@given(given_settings=SETTINGS)
def test_settings_of_every_kind(typed: Call, file: Call, given_settings: dict[Any, Any]) -> None:
    assert _request(typed, {k: v for k, v in given_settings.items() if v is not None})
    text = io.BytesIO()
    YAML(typ="safe").dump(given_settings, text)
    _read_campaign(typed, file("campaign.yaml", text.getvalue()))


def _read_campaign(typed: Call, path: Path) -> None:
    config = typed(read_settings, path)
    if not isinstance(config, Exception):
        typed(build_request, {}, config, path)


def _request(typed: Call, chosen: dict[Any, Any]) -> Any:
    return typed(build_request, chosen)


FIELD_NAMES = [*sorted({name for kind in DOCUMENTS for name in kind.model_fields}), "a.b", "_id"]
CONDITIONS = st.tuples(
    st.sampled_from(FIELD_NAMES) | st.text(max_size=8),
    st.sampled_from([*OPERATORS, "~", ":", "==", " "]),
    st.one_of(
        st.text(max_size=12), st.integers().map(str), st.floats().map(str), st.dates().map(str),
        st.text("^$.*+?()[]{}|\\ab1,", max_size=25),
        st.sampled_from(["none", "true", "1|2", "Mg-O", "a|", "|", "''", "2026-01-31T25:00"]),
    ),
).map("".join)  # fmt: skip
OPERATOR_NAMES = st.sampled_from(
    ["$eq", "$in", "$nin", "$and", "$or", "$nor", "$not", "$regex", "$options", "$size", "$type",
     "$all", "$elemMatch", "$exists", "$gt", "$lte", "$ne", "$date", "$where", "$expr"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(OPERATOR_NAMES | st.sampled_from(FIELD_NAMES) | st.text(max_size=6), inner,
                      max_size=3),
    max_leaves=8,
)  # fmt: skip
QUERIES = st.one_of(
    st.lists(CONDITIONS, max_size=4).map(" ".join),
    st.text(max_size=40),
    st.dictionaries(OPERATOR_NAMES | st.sampled_from(FIELD_NAMES), JSON, max_size=3).map(
        json.dumps
    ),
)


@pytest.fixture(params=["memory", "embedded"], scope="module")
def small_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rock salts with energies, in each kind of store that needs no server."""
    uri = "memory://" if request.param == "memory" else str(tmp_path_factory.mktemp("s"))
    with open_store(uri) as store:
        for a, symbols in ((4.2, ["Mg", "O"]), (4.8, ["Ca", "O"])):
            half = a / 2
            cell = Lattice([[0, half, half], [half, 0, half], [half, half, 0]])
            crystal = Structure(cell, symbols, [[0, 0, 0], [0.5, 0.5, 0.5]])
            label = LabelDocument.of(crystal, level="x", source="test", energy_per_atom=-a)
            store.put([StructureDocument.from_structure(crystal), label])
        yield store


@fuzz
@given(kind=st.sampled_from(DOCUMENTS), query=QUERIES)
@example(kind=StructureDocument, query="{" * 1500)
@example(kind=StructureDocument, query='{"a":' * 1500)
def test_the_filter_language(typed: Call, small_store: Any, kind: Any, query: str) -> None:
    criteria = typed(parse_query, query, kind)
    if not isinstance(criteria, Exception):
        typed(lambda: list(small_store.find(kind, criteria)))


@pytest.fixture(scope="module")
def client(small_store: Any) -> TestClient:
    return TestClient(optimade_app(small_store), raise_server_exceptions=False)


PROPERTIES = st.sampled_from(
    ["elements", "nelements", "chemical_formula_reduced", "last_modified", "id", "type", "nsites",
     "lattice_vectors", "species", "_other_field", "_dao_", *(f"_dao_{f['name']}" for f in FIELDS)]
)  # fmt: skip
LITERALS = st.one_of(
    st.integers().map(str), st.floats().map(str), st.text(max_size=9).map(lambda t: f'"{t}"'),
    st.sampled_from(['"Mg"', '"Mg","O"', '"2026-01-31T00:00:00Z"', '""', "TRUE", "id"]),
)  # fmt: skip
COMPARISONS = st.tuples(
    PROPERTIES,
    st.sampled_from(["=", "!=", "<", ">=", "HAS", "HAS ALL", "HAS ANY", "HAS ONLY", "CONTAINS",
                     "STARTS WITH", "ENDS", "LENGTH", "LENGTH >=", "IS KNOWN", "IS UNKNOWN",
                     ":species HAS"]),
    LITERALS | st.just(""),
).map(" ".join)  # fmt: skip
FILTERS = st.one_of(
    st.recursive(
        COMPARISONS,
        lambda inner: st.one_of(
            inner.map(lambda one: f"NOT ({one})"),
            st.tuples(inner, st.sampled_from([" AND ", " OR ", " "]), inner).map("".join),
        ),
        max_leaves=5,
    ),
    st.text(max_size=30),
)


@fuzz
@given(text=FILTERS)
@example(text="NOT " * 1500 + "nsites=1")
@example(text="(" * 1500 + "nsites=1" + ")" * 1500)
@example(text='elements CONTAINS "?"')
@example(text='id CONTAINS "' + "(.*)*" * 20 + '!"')
def test_optimade_filters(client: TestClient, text: str) -> None:
    answer = client.get("/structures", params={"filter": text})
    assert answer.status_code in {200, 400, 404, 414, 422, 501}, answer.json()["errors"]
    body = answer.json()
    assert "data" in body or body["errors"][0]["detail"]
    assert "Traceback" not in answer.text
