"""Batches hold everything once, in order, within their limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.campaign.batches import by_atoms, grouped
from flows.campaign.budgets import budgets
from flows.campaign.request import CampaignRequest


@given(st.lists(st.integers(1, 40)), st.integers(1, 8))
def test_batches_keep_order_and_limits(sizes: list[int], max_items: int) -> None:
    batches = by_atoms(sorted(sizes), lambda n: n, max_atoms=64, max_items=max_items)
    assert [size for batch in batches for size in batch] == sorted(sizes)
    for batch in batches:
        assert len(batch) <= max_items
        assert len(batch) == 1 or max(batch) * len(batch) <= 64


@given(st.lists(st.integers()), st.integers(1, 10))
def test_groups_are_few_and_even(items: list[int], at_most: int) -> None:
    groups = grouped(items, at_most)
    assert [item for group in groups for item in group] == items
    assert len(groups) == min(at_most, len(items))
    lengths = [len(group) for group in groups]
    assert not lengths or max(lengths) - min(lengths) <= 1


def test_a_campaign_of_all_rounds_stays_under_two_hundred_task_runs() -> None:
    request = CampaignRequest(targets=("Mg-O",), candidates=10_000, relax=10_000)
    batches = len(grouped(range(10_000)))
    propose_screen_relax, select, rank_and_dft = 3 * batches, 1, 2
    assert len(budgets(request)) * (propose_screen_relax + select) + rank_and_dft < 200
