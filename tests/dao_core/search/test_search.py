"""A search that is driven from outside, interrupted and driven here: always to one end."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

from dao_core.search.in_memory import InMemory
from dao_core.search.memory import SearchMemory
from dao_core.search.ranking import rank
from dao_core.search.request import SearchRequest
from dao_core.search.result import Failure
from dao_core.search.search import Search
from stores import open_store
from stores.search_memory import StoreMemory

REQUEST = SearchRequest(
    targets=("Cu-Au",), potential="ase:ase.calculators.emt:EMT", sources=("template",),
    candidates=24, relax=12, max_atoms=4,
)  # fmt: skip


def found(search: Search) -> dict[str, Any]:
    """What came out of a search."""
    ranking = rank(search, search.survey)
    return {
        "id": search.search_id,
        "relaxed": {
            key: (replace(one, structure=None), one.to_pymatgen())
            for key, one in search.survey.relaxations.items()
        },
        "funnel": search.survey.funnel.rows,
        "ranking": [(row.structure_id, row.energy_above_hull) for row in ranking.rows],
    }


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    search = Search(REQUEST, InMemory())
    search.run()
    return found(search)


def test_a_store_and_a_dictionary_remember_one_search(undisturbed: dict[str, Any]) -> None:
    assert undisturbed["ranking"]
    with open_store("memory://") as store:
        search = Search(REQUEST, StoreMemory(store))
        search.run()
        assert found(search) == undisturbed


def step(memory: SearchMemory) -> Search:
    """What a process does that dies after one piece of work, which travelled to it."""
    search = Search(REQUEST, memory)
    for work in search.ask()[-1:]:
        pickle.loads(pickle.dumps(work)).do(search)  # noqa: S301 - our own
    return search


def test_killed_after_every_piece_of_work_it_ends_like_an_undisturbed_one(
    undisturbed: dict[str, Any],
) -> None:
    memory, search = InMemory(), None
    for _ in range(100):
        search = step(memory)
        if search.round == 4:
            break
    assert search is not None
    assert search.ask() == []
    assert found(search) == undisturbed


def test_children_of_the_best_take_part_from_the_second_round_on() -> None:
    request = REQUEST.model_copy(update={"sources": ("template", "heredity", "perturbation")})
    search = Search(request, InMemory())
    search.run()
    origins = {
        candidate.provenance["source"]: candidate for candidate in search.survey.candidates.values()
    }
    assert set(origins) == {"template", "heredity", "perturbation"}
    first, second = origins["heredity"].provenance["parents"]
    parents = [search.survey.candidates[key] for key in (first, second)]
    assert {parent.formula for parent in parents} == {origins["heredity"].formula}


def test_asking_again_gives_the_same_work_and_what_is_told_is_not_asked_again() -> None:
    search = Search(REQUEST, InMemory())
    first = search.ask()
    assert [work.key for work in search.ask()] == [work.key for work in first]
    assert all(work.cost >= 0 and work.items for work in first)
    failure = Failure(item="one", stage=first[0].stage, reason="the node is on fire")
    for work in first:
        search.tell(work, failure)
    assert search.ask() == [] or search.ask()[0].key != first[0].key
    assert failure in search.lost


def test_a_memory_that_fails_for_a_moment_leaves_the_search_as_it_was(
    undisturbed: dict[str, Any],
) -> None:
    class Away(InMemory):
        calls = 0

        def done(self, keys: Any) -> Any:
            self.calls += 1
            if self.calls % 7 == 0:
                raise ConnectionError("away")
            return super().done(keys)

    search = Search(REQUEST, Away())
    for _ in range(300):
        try:
            works = search.ask()
            for work in works:
                work.do(search)
                search.tell(work)
        except ConnectionError:
            continue
        if not works:
            break
    assert found_patiently(search) == undisturbed


def found_patiently(search: Search) -> dict[str, Any]:
    """What came out, asked again while the memory is away."""
    for _ in range(5):
        try:
            return found(search)
        except ConnectionError:
            continue
    raise AssertionError("the memory never came back")
