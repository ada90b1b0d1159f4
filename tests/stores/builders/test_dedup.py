"""Groups of near-duplicates."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from pymatgen.core import Lattice, Structure

from stores import DaoStore, open_store
from stores.builders import DedupBuilder
from stores.documents import DuplicateDocument, StructureDocument


def _groups(store: DaoStore) -> dict[str, str]:
    return {one.structure_id: one.group_id for one in store.find(DuplicateDocument)}


def test_near_duplicates_share_a_group_and_others_do_not(store, rocksalt) -> None:
    same = [StructureDocument.from_structure(rocksalt(a)) for a in (4.20, 4.25)]
    caesium = Structure(Lattice.cubic(2.65), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    other = StructureDocument.from_structure(caesium)
    foreign = StructureDocument.from_structure(rocksalt(4.21, ("Ca", "O")))
    store.put([*same, other, foreign])
    DedupBuilder(store).build()
    groups = _groups(store)
    assert groups[same[0].id] == groups[same[1].id] == min(one.id for one in same)
    assert groups[other.id] == other.id
    assert groups[foreign.id] == foreign.id


def test_groups_do_not_depend_on_the_order_of_arrival(rocksalt: Callable[..., Structure]) -> None:
    documents = [StructureDocument.from_structure(rocksalt(a)) for a in (4.2, 4.3, 4.4, 4.5)]
    seen = []
    for order in itertools.islice(itertools.permutations(documents), 0, 24, 5):
        with open_store("memory://") as store:
            for document in order:
                store.put(document)
                DedupBuilder(store).build()
            seen.append(_groups(store))
    assert all(groups == seen[0] for groups in seen)


class _Chain:
    """Alike are neighbours only: a with b, b with c, but not a with c."""

    def fit(self, first: Structure, second: Structure) -> bool:
        return abs(first.lattice.a - second.lattice.a) < 1.5


def test_likeness_that_is_not_transitive_is_handled_the_same_way_always(
    store: DaoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DedupBuilder, "matcher", _Chain())
    for name, a in (("a", 3.0), ("b", 4.0), ("c", 5.0)):
        crystal = Structure(Lattice.cubic(a), ["Mg"], [[0, 0, 0]])
        document = StructureDocument.from_structure(crystal).to_store()
        store.structures.update({**document, "structure_id": name})
    results = set()
    for first, *later in itertools.permutations("abc"):
        store.duplicates.remove_docs({})
        for names in ([first], later):
            described = [
                DuplicateDocument(structure_id=name, bucket="x", fingerprint=[0.0], group_id=name,
                                  is_grouped=False)
                for name in names
            ]  # fmt: skip
            store.put(described)
            DedupBuilder(store).complete()
        groups = _groups(store)
        results.add(tuple(groups[name] for name in "abc"))
    assert results == {("a", "a", "c")}


def test_no_pair_is_compared_twice(store, rocksalt, monkeypatch) -> None:
    calls = []
    real = DedupBuilder.matcher.fit
    monkeypatch.setattr(DedupBuilder.matcher, "fit", lambda *pair: calls.append(1) or real(*pair))
    for a in (4.2, 4.25, 4.3):
        store.put(StructureDocument.from_structure(rocksalt(a)))
        DedupBuilder(store).build()
    before = len(calls)
    builder = DedupBuilder(store)
    builder.forget()
    assert builder.build().taken_in == 3
    assert before <= 3
    assert len(set(_groups(store).values())) == 1


def test_a_bucket_is_looked_through_once_however_many_batches_fill_it(
    store, rocksalt, monkeypatch
) -> None:
    looked_through = []
    real = DedupBuilder.group_bucket
    monkeypatch.setattr(
        DedupBuilder,
        "group_bucket",
        lambda builder, members: looked_through.append(len(members)) or real(builder, members),
    )
    for a in (4.2, 4.3, 4.4, 4.5):
        store.put(StructureDocument.from_structure(rocksalt(a)))
    store.put(StructureDocument.from_structure(rocksalt(4.8, ("Ca", "O"))))
    assert DedupBuilder(store, chunk_size=1).build().taken_in == 5
    assert sorted(looked_through) == [1, 4]
    DedupBuilder(store).build()
    assert len(looked_through) == 2, "nothing new, nothing to look through"


def test_a_build_that_dies_before_grouping_is_resumed(store, rocksalt, monkeypatch) -> None:
    store.put(StructureDocument.from_structure(rocksalt(a)) for a in (4.2, 4.25))
    with monkeypatch.context() as dying:
        dying.setattr(DedupBuilder, "complete", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            DedupBuilder(store).build()
    assert len(set(_groups(store).values())) == 2
    assert DedupBuilder(store).build().taken_in == 0
    assert len(set(_groups(store).values())) == 1


def test_what_another_builder_adds_meanwhile_is_not_overwritten(
    store, rocksalt, monkeypatch
) -> None:
    """While one builder compares, another one takes in a structure of the same bucket."""
    first, *others = sorted(
        (StructureDocument.from_structure(rocksalt(a)) for a in (4.2, 4.25, 4.3)),
        key=lambda one: one.id,
    )
    store.put(others)
    real = DedupBuilder.group_bucket

    def interrupted(builder: DedupBuilder, members: list[DuplicateDocument]) -> list:
        monkeypatch.setattr(DedupBuilder, "group_bucket", real)
        store.put(first)
        DedupBuilder(store).build()
        return real(builder, members)

    monkeypatch.setattr(DedupBuilder, "group_bucket", interrupted)
    DedupBuilder(store).build()
    assert set(_groups(store).values()) == {first.id}


def test_maggma_can_run_it(store, rocksalt) -> None:
    store.put(StructureDocument.from_structure(rocksalt(a)) for a in (4.2, 4.25))
    DedupBuilder(store).run()
    assert len(set(_groups(store).values())) == 1
    assert DedupBuilder(store).build().taken_in == 0
