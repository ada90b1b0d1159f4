"""The embedded Store behaves as maggma's interface says."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from maggma.core import StoreError as MaggmaError

from dao_core.errors import InputError
from stores.sqlite import SqliteStore


@pytest.fixture
def things(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "s.sqlite", "things", key="id")
    store.connect()
    yield store
    store.close()


def test_update_replaces_by_key(things: SqliteStore) -> None:
    things.update([{"id": "a", "v": 1}, {"id": "b", "v": 2}])
    things.update({"id": "a", "w": 3})
    assert things.query_one({"id": "a"}) == {"id": "a", "w": 3}
    assert things.count() == 2


def test_update_by_another_field(things: SqliteStore) -> None:
    things.update([{"id": "a", "name": "x", "v": 1}, {"id": "b", "name": "y"}])
    things.update({"id": "c", "name": "x", "v": 2}, key="name")
    assert sorted(one["id"] for one in things.query()) == ["b", "c"]


def test_a_bad_document_keeps_the_whole_batch_out(things: SqliteStore) -> None:
    with pytest.raises(InputError, match="without its key 'id'"):
        things.update([{"id": "a"}, {"v": 1}])
    assert things.count() == 0


def test_sort_skip_limit_and_projection(things: SqliteStore) -> None:
    things.update([{"id": f"d{n}", "v": n, "sites": [{"x": n, "y": 0}]} for n in range(10)])
    found = list(things.query(properties=["v", "sites.x"], sort={"v": -1}, skip=2, limit=3))
    assert found == [{"v": v, "sites": [{"x": v}]} for v in (7, 6, 5)]
    nested = list(things.query({"sites.x": {"$gt": 7}}, sort={"sites.0.x": -1}, limit=1))
    assert [one["v"] for one in nested] == [9]


def test_groupby_and_distinct(things: SqliteStore) -> None:
    things.update([{"id": str(n), "k": n % 2, "e": ["Mg", "O"][: n % 2 + 1]} for n in range(4)])
    things.update({"id": "none"})
    groups = {key["k"]: len(found) for key, found in things.groupby("k")}
    assert groups == {0: 2, 1: 2}
    assert sorted(things.distinct("e")) == ["Mg", "O"]
    assert things.distinct("e", {"k": 0}) == ["Mg"]
    assert sorted(things.distinct("k")) == [0, 1]


def test_remove(things: SqliteStore) -> None:
    things.update([{"id": str(n), "v": n, "o": {"p": n}} for n in range(6)])
    things.remove_docs({"v": {"$gte": 4}})
    things.remove_docs({"o.p": 0})
    assert sorted(one["v"] for one in things.query()) == [1, 2, 3]


def test_changes_are_numbered_by_their_last_write(things: SqliteStore) -> None:
    things.update([{"id": "a"}, {"id": "b"}])
    last = max(number for number, _ in things.changed_since(0))
    things.update({"id": "a", "v": 1})
    assert [key for _, key in things.changed_since(last)] == ["a"]


def test_only_one_insert_of_a_key_succeeds(things: SqliteStore) -> None:
    results: list[bool] = []

    def insert() -> None:
        results.append(things.insert_new({"id": "one", "by": threading.get_ident()}))

    threads = [threading.Thread(target=insert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]


def test_copied_store_opens_the_same_collection(things: SqliteStore) -> None:
    things.update({"id": "a"})
    twin = copy.copy(things)
    twin.connect()
    assert twin == things
    assert twin.count() == 1


def test_use_before_connect_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MaggmaError, match="connect"):
        SqliteStore(tmp_path / "s.sqlite", "things").count()


def test_collection_names_are_plain(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="letters"):
        SqliteStore(tmp_path / "s.sqlite", 'x"; DROP TABLE y; --')
