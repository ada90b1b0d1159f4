"""The filter language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dao_core.errors import InputError
from stores import DaoStore
from stores.documents import EventDocument, StructureDocument, ThermoDocument
from stores.patterns import Pattern
from stores.query import collection_kind, parse_query


@pytest.mark.parametrize(
    ("text", "criteria"),
    [
        ("chemsys=O-Mg e_above_hull<0.05",
         {"chemsys": {"$eq": "Mg-O"}, "energy_above_hull": {"$lt": 0.05}}),
        ("nsites>=2 nsites<=8", {"nsites": {"$gte": 2, "$lte": 8}}),
        ("formula=MgO|CaO", {"formula": {"$in": ["MgO", "CaO"]}}),
        ("elements:Mg,O", {"elements": {"$all": ["Mg", "O"]}}),
        ("is_stable=true level!=x", {"is_stable": {"$eq": True}, "level": {"$ne": "x"}}),
        ("space_group~^F", {"space_group": {"$regex": Pattern.of("^F")}}),
        ("energy_above_hull=none", {"energy_above_hull": {"$eq": None}}),
        ("'level=a b'", {"level": {"$eq": "a b"}}),
        ('{"nsites": {"$gt": 3}}', {"nsites": {"$gt": 3}}),
        ("", {}),
    ],
)  # fmt: skip
def test_translation(text: str, criteria: dict) -> None:
    assert parse_query(text, ThermoDocument) == criteria


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour=red", "no field 'colour'"),
        ("nsites", "not field, operator and value"),
        ("nsites<", "lacks its value"),
        ("nsites<1|2", "alternatives"),
        ("nsites=1 nsites=2", "two conditions"),
        ("formula~(", "not a regular expression"),
        ("formula~(?=a)", "not a regular expression"),
        ('{"$where": "sleep(1000)"}', "not allowed"),
        ('{"a": [{"$function": 1}]}', "not allowed"),
        ('{"formula": {"$regex": 5}}', "takes text"),
        ('{"formula": {"$regex": "a", "$options": "x"}}', "letters of ims"),
        ('{"nsites": 99999999999999999999}', "no document holds"),
        ('{"a": ', "not JSON"),
        ("'unclosed", "quotation"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        parse_query(text, ThermoDocument)


def test_queries_find(store, rocksalt) -> None:
    for a, pair in ((4.2, ("Mg", "O")), (4.8, ("Ca", "O"))):
        store.put(StructureDocument.from_structure(rocksalt(a, pair)))
    found = store.find(StructureDocument, parse_query("elements:Ca,O nsites<3", StructureDocument))
    assert [one.formula for one in found] == ["CaO"]
    assert not list(store.find(StructureDocument, parse_query("density>99", StructureDocument)))


def test_collections_by_name() -> None:
    assert collection_kind("thermo") is ThermoDocument
    with pytest.raises(InputError, match="there are builds, campaigns"):
        collection_kind("nothing")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("happened>=2026-01-01 happened<2026-02-01", 1),
        ("happened>2026-01-15T11:30+01:00", 1),
        ("happened>2026-01-15T12:30:00", 0),
        ('{"happened": {"$gte": {"$date": "2026-01-15T12:00:00Z"}}}', 1),
        ('{"$or": [{"happened": {"$lt": {"$date": "2026-01-15"}}}]}', 0),
    ],
)
def test_fields_of_time_take_dates(store: DaoStore, text: str, found: int) -> None:
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    store.put(EventDocument(event_id="e-1", kind="k", subject="s", happened=moment))
    assert len(list(store.find(EventDocument, parse_query(text, EventDocument)))) == found


@pytest.mark.parametrize("text", ["happened>soon", '{"happened": {"$gt": {"$date": "soon"}}}'])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="a date such as"):
        parse_query(text, EventDocument)


def test_naive_dates_are_utc_in_every_criterion(store: DaoStore) -> None:
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    store.put(EventDocument(event_id="e-1", kind="k", subject="s", happened=moment))
    naive = moment.replace(tzinfo=None)
    for condition in ({"$gte": naive}, {"$not": {"$lt": naive}}, {"$in": [naive]}, naive):
        for criteria in ({"happened": condition}, {"$or": [{"happened": condition}]}):
            assert len(list(store.find(EventDocument, criteria))) == 1, criteria


@pytest.mark.parametrize("text", ["formula=Ca(OH)2", "formula=CaO2H2", "formula=Ca₂O₄H₄"])
def test_formulas_are_asked_for_in_any_spelling(text: str) -> None:
    assert parse_query(text, ThermoDocument) == {"formula": {"$eq": "Ca(HO)2"}}


def test_a_misspelt_formula_or_collection_says_what_was_meant() -> None:
    with pytest.raises(InputError, match="did you mean KBr"):
        parse_query("formula=kbr", ThermoDocument)
    with pytest.raises(InputError, match="did you mean labels"):
        collection_kind("lables")
