"""Work is divided into few tasks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dao_core.search.rounds import budgets
from flows.campaign.request import CampaignRequest
from flows.campaign.tasks import grouped


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
    propose_screen_relax, plan, rank_and_dft = 3 * batches, 3, 2
    assert len(budgets(request)) * (propose_screen_relax + plan) + 1 + rank_and_dft < 200
