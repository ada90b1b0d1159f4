"""A search is remembered in a store as it is in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.search.in_memory import InMemory
from dao_core.testing.search_memory import check_search_memory
from stores import open_store
from stores.search_memory import StoreMemory


def test_dictionaries_do_what_a_search_needs() -> None:
    check_search_memory(InMemory())


@pytest.mark.parametrize("place", ["memory://", "embedded"])
def test_a_store_does_what_a_search_needs(place: str, tmp_path: Path) -> None:
    with open_store(place if "://" in place else tmp_path / place) as store:
        check_search_memory(StoreMemory(store))


def test_a_memory_that_forgets_is_found_out() -> None:
    class Forgetful(InMemory):
        def known_relaxations(self, ids: object) -> set[str]:
            del ids
            return set()

    with pytest.raises(AssertionError):
        check_search_memory(Forgetful())
