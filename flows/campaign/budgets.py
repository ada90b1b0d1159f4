"""Rounds of a campaign and what each may spend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from flows.campaign.request import CampaignRequest

LATER = 3
"""Rounds that learn from those before; the first asks the cheapest source alone."""
FIRST_CANDIDATES, FIRST_RELAXED = 0.5, 0.25
"""Shares of the first round: its candidates cost next to nothing, relaxations are dear."""
LEAST_CANDIDATES, LEAST_RELAXED = 24, 12
"""A campaign of less is one round: there is nothing to learn from."""


@dataclass(frozen=True)
class Budget:
    """Candidates of one round, and how many of all rounds so far are relaxed at its end."""

    candidates: int
    relax: int


def budgets(request: CampaignRequest) -> list[Budget]:
    """The rounds of a campaign; they add up to what was asked for."""
    if request.candidates < LEAST_CANDIDATES or request.relax < LEAST_RELAXED:
        return [Budget(request.candidates, request.relax)]
    candidates = _parts(request.candidates, FIRST_CANDIDATES)
    relax = accumulate(_parts(request.relax, FIRST_RELAXED))
    return [Budget(*both) for both in zip(candidates, relax, strict=True)]


def _parts(total: int, first: float) -> list[int]:
    later = [int(total * (1 - first)) // LATER] * LATER
    return [total - sum(later), *later]
