"""The filter language."""

from __future__ import annotations

import pytest

from dao_core.errors import InputError
from stores.documents import StructureDocument, ThermoDocument
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
        ("space_group~^F", {"space_group": {"$regex": "^F"}}),
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
        ("formula~(a+)+$", "for ever"),
        ('{"$where": "sleep(1000)"}', "not allowed"),
        ('{"a": [{"$function": 1}]}', "not allowed"),
        ('{"formula": {"$regex": "(a*)*"}}', "for ever"),
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
