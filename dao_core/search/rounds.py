"""Rounds of a campaign and what each may spend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from dao_core.search.request import SearchRequest

LATER = 3
"""Rounds that learn from those before."""
FIRST = 0.125
"""Share of the first round, which relaxes the likeliest crystals before anything else is made."""
FIRST_CANDIDATES, FIRST_RELAXED = 64, 16
"""At most so many of them: what opens a large campaign must be there within seconds too."""
LEAST_CANDIDATES, LEAST_RELAXED = 24, 12
"""A campaign of less is one round: there is nothing to learn from."""


@dataclass(frozen=True)
class Budget:
    """Candidates of one round, and how many of all rounds so far are relaxed at its end."""

    candidates: int
    relax: int


def budgets(request: SearchRequest) -> list[Budget]:
    """The rounds of a campaign; they add up to what was asked for."""
    if request.candidates < LEAST_CANDIDATES or request.relax < LEAST_RELAXED:
        return [Budget(request.candidates, request.relax)]
    candidates = _parts(request.candidates, FIRST_CANDIDATES)
    relax = accumulate(_parts(request.relax, FIRST_RELAXED))
    return [Budget(*both) for both in zip(candidates, relax, strict=True)]


def _parts(total: int, most: int) -> list[int]:
    """A first part of at most ``most``, and equal later ones."""
    first = min(total - LATER * (int(total * (1 - FIRST)) // LATER), most)
    later, left = divmod(total - first, LATER)
    return [first, *(later + (number < left) for number in range(LATER))]
