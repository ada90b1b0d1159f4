"""Labelled crystals of the store become templates; unproven and unstable ones do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search.compositions import enumerate_compositions, parse_target
from dao_core.search.known_templates import known_templates, open_templates
from stores import DaoStore, open_store
from stores.documents import LabelDocument, StructureDocument
from stores.search_memory import StoreMemory


@pytest.fixture
def store() -> Iterator[DaoStore]:
    with open_store("memory://") as opened:
        yield opened


def rocksalt(cation: str, anion: str, a: float) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), [cation, anion], [[0, 0, 0], [0.5] * 3]
    )


def put(store: DaoStore, structure: Structure, above: float | None) -> str:
    document = StructureDocument.from_structure(structure)
    store.put(document)
    if above is not None:
        label = LabelDocument.of(structure, level="pbe", source="test", energy_above_hull=above)
        store.put(label)
    return document.structure_id


def test_proven_crystals_of_like_chemistry_come_first(store: DaoStore) -> None:
    near = put(store, rocksalt("Ca", "O", 4.8), 0.0)
    far = put(store, rocksalt("Cs", "Au", 8.0), 0.02)
    put(store, rocksalt("Sr", "S", 6.0), 0.9)  # unstable
    put(store, rocksalt("Ba", "S", 6.4), None)  # relaxed by another search
    cells = enumerate_compositions(parse_target(["MgO"]), (1, 2), 8)
    memory = StoreMemory(store)
    known = known_templates(cells, memory)
    assert known["MgO", 2] == (near, far)
    assert known["MgO", 4] == ()
    first, _ = open_templates(memory, known["MgO", 2])
    assert first.label == near
    assert len(first.structure) == 2


def test_an_empty_store_has_none(store: DaoStore) -> None:
    cells = enumerate_compositions(parse_target(["MgO"]), (1,), 8)
    assert known_templates(cells, StoreMemory(store)) == {}
