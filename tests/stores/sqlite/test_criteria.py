"""Criteria in SQL mean what they mean in MongoDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import mongomock_ng
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.sqlite import SqliteStore
from stores.sqlite.criteria import translate

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
VALUES = [
    None, True, False, 3, 4, 2, -1.5, 0.05, "Mg-O", "O", "", "[", "1", [], ["Mg", "O"], [3, 2],
    [True], [None], ["Mg", 3], {"x": 3}, [{"x": 3}], NOW, NOW + timedelta(days=1),
]  # fmt: skip
"""Without 0 and 1, which mongomock, unlike MongoDB, takes for false and true."""
DOCUMENTS = [
    {
        "id": f"d{number}",
        **({"a": value} if number % 7 else {}),
        "b": VALUES[number * 5 % len(VALUES)],
    }
    for number, value in enumerate(VALUES * 2)
]
scalar = st.sampled_from([value for value in VALUES if not isinstance(value, list | dict)])
comparable = st.sampled_from([2, 3, -1.5, 0.05, "Mg-O", "O", "", NOW])
condition = st.one_of(
    scalar,
    st.builds(lambda op, value: {op: value}, st.sampled_from(["$eq", "$ne"]), scalar),
    st.builds(
        lambda op, value: {op: value}, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), comparable
    ),
    st.builds(lambda values: {"$in": values}, st.lists(st.sampled_from(["Mg", "O", "Mg-O", "1"]))),
    st.builds(lambda flag: {"$exists": flag}, st.booleans()),
    st.just({"$regex": "^M"}),
    st.just({"$size": 2}),
)
criteria = st.dictionaries(st.sampled_from(["a", "b", "b.x"]), condition, max_size=2)


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> tuple[SqliteStore, object]:
    store = SqliteStore(tmp_path_factory.mktemp("criteria") / "s.sqlite", "documents", key="id")
    store.connect()
    store.ensure_index("a")
    store.update([dict(document) for document in DOCUMENTS])
    mongo = mongomock_ng.MongoClient(tz_aware=True).db.documents
    mongo.insert_many([dict(document) for document in DOCUMENTS])
    return store, mongo


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(criteria=criteria, both=st.booleans())
def test_same_documents_as_mongodb(collections, criteria, both) -> None:
    store, mongo = collections
    wanted = {"$and": [criteria, {"b": {"$exists": True}}]} if both else criteria
    found = {document["id"] for document in store.query(wanted)}
    assert found == {document["id"] for document in mongo.find(wanted)}
    assert store.count(wanted) == len(found)


def test_what_sql_cannot_say_is_left_over() -> None:
    sql = translate({"chemsys": "Mg-O", "a.b": 1, "$or": [{"x": 1}, {"y": 2}]})
    assert set(sql.rest) == {"a.b", "$or"}
    assert len(sql.clauses) == 1


def test_values_never_become_sql(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.sqlite", "documents", key="id")
    store.connect()
    store.update([{"id": "a", "name": "x"}])
    attack = "x' OR '1'='1"
    assert list(store.query({"name": attack})) == []
    assert list(store.query({"name') OR 1=1 --": 1})) == []
    assert store.count() == 1


def test_the_index_is_used(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.sqlite", "documents", key="id")
    store.connect()
    store.ensure_index("e")
    sql = translate({"e": {"$lt": 0.1}})
    with store._collection.reading() as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN SELECT key FROM documents{sql.where}",  # noqa: S608 # our own text
            sql.values,
        ).fetchall()
    assert "USING INDEX documents_e" in str(plan)
    assert "SCAN documents" not in str(plan)
