"""Wrong clocks hide nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pymatgen.core import Structure

from stores import DaoStore
from stores.builders import DedupBuilder
from stores.documents import DuplicateDocument, StructureDocument


@pytest.mark.parametrize("year", [1971, 2071])
def test_documents_of_a_machine_with_a_wrong_clock_are_taken_in(
    store: DaoStore, rocksalt: Callable[..., Structure], year: int
) -> None:
    future = StructureDocument.from_structure(rocksalt(4.2)).to_store()
    future["last_updated"] = datetime(2050, 1, 1, tzinfo=UTC)
    store.structures.update(future)
    builder = DedupBuilder(store)
    assert builder.build().taken_in == 1
    late = StructureDocument.from_structure(rocksalt(5.9)).to_store()
    late["last_updated"] = datetime(year, 1, 1, tzinfo=UTC)
    store.structures.update(late)
    assert builder.build().taken_in == 1
    assert store.get(DuplicateDocument, late["structure_id"]) is not None
    assert builder.build().taken_in == 0
