"""A batch that fails costs its candidates; the campaign ends, says so, and makes up for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dao_core.search import relaxation

WORDS = (
    "Cu-Au", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
    "--candidates", "16", "--relax", "11", "--max-atoms", "2",
)  # fmt: skip


@pytest.mark.slow
def test_one_failing_batch_ends_nothing_and_the_same_again_mends_it(
    run_campaign: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    relax_batch, calls = relaxation.relax_batch, []

    def fails_at_first(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError("the node is on fire")
        relax_batch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(relaxation, "relax_batch", fails_at_first)
        first = run_campaign(*WORDS, code=4)
    assert len(calls) > 1
    (failure,) = first["failures"]
    assert (failure["stage"], failure["reason"]) == ("relaxed", "the node is on fire")
    relaxed = next(row for row in first["funnel"] if row["stage"] == "relaxed")
    assert relaxed["rejected"]["not_done"] == relaxed["entered"] - relaxed["left"] > 0
    assert first["ranking"]

    again = run_campaign(*WORDS)
    assert again["campaign_id"] == first["campaign_id"]
    assert again["failures"] == []
    assert len(again["ranking"]) >= len(first["ranking"])
