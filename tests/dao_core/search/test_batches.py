"""Batches hold everything once, in order, within their limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dao_core.search.batches import by_atoms


@given(st.lists(st.integers(1, 40)), st.integers(1, 8))
def test_batches_keep_order_and_limits(sizes: list[int], max_items: int) -> None:
    batches = by_atoms(sorted(sizes), lambda n: n, max_atoms=64, max_items=max_items)
    assert [size for batch in batches for size in batch] == sorted(sizes)
    for batch in batches:
        assert len(batch) <= max_items
        assert len(batch) == 1 or max(batch) * len(batch) <= 64
