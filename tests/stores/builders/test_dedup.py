"""Groups of near-duplicates."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from stores import DaoStore, open_store
from stores.builders import DedupBuilder
from stores.builders.dedup import Bucket
from stores.builders.fingerprint import fingerprint, fingerprint_distance
from stores.documents import DuplicateDocument, StructureDocument


def _groups(store: DaoStore) -> dict[str, str]:
    return {one.structure_id: one.group_id for one in store.find(DuplicateDocument)}


def test_fingerprint_does_not_depend_on_the_description(rocksalt) -> None:
    crystal = rocksalt()
    moved = crystal.make_supercell([2, 1, 1], in_place=False)
    moved.translate_sites(range(len(moved)), [0.13, 0.2, 0.3])
    moved = moved.get_sorted_structure(key=lambda site: -site.frac_coords[0])
    assert fingerprint(moved) == pytest.approx(fingerprint(crystal), abs=2e-4)


def test_fingerprint_changes_little_with_noise_and_much_with_the_structure(rocksalt) -> None:
    crystal = rocksalt()
    noisy = crystal.copy().perturb(0.02)
    other = Structure(Lattice.cubic(2.65), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    first, second, third = (np.array(fingerprint(one)) for one in (crystal, noisy, other))
    assert fingerprint_distance(first, second) < 0.03
    assert fingerprint_distance(first, third) > 0.1


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
    crystals = {name: Structure(Lattice.cubic(a), ["Mg"], [[0, 0, 0]]).as_dict()
                for name, a in (("a", 3.0), ("b", 4.0), ("c", 5.0))}  # fmt: skip
    results = set()
    for order in itertools.permutations("abc"):
        members = {
            name: DuplicateDocument(structure_id=name, bucket="x", fingerprint=[0.0], group_id=name)
            for name in order
        }
        changed = DedupBuilder(store).process_item(Bucket(members, dict(crystals), {}))
        assert len(changed) == 3
        results.add(tuple(members[name].group_id for name in "abc"))
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
    assert np.unique(list(_groups(store).values())).size == 1
