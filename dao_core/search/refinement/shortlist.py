"""The shortlist: which minima of a search are worth a dearer potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 40
"""Minima that are refined at most: a minute of one core for small cells."""
SIGMAS = 2.0
"""A minimum is in the window if it lies no higher than so many times its doubt."""
LEAST_WINDOW = 0.05
"""eV/atom; also a potential that is surer of itself errs like this between polymorphs."""
OF_EACH = 2
"""Best minima of every composition that are refined in any case, as long as there is room."""


@dataclass(frozen=True)
class Place:
    """Where the search left a minimum.

    Attributes:
        formula: reduced formula.
        is_element: whether it is a corner of the hull.
        above_hull: eV/atom; None where there is no hull.
        doubt: calibrated uncertainty of its energy, eV/atom, if the potential knows it.
    """

    formula: str
    is_element: bool
    above_hull: float | None
    doubt: float | None = None

    @property
    def in_window(self) -> bool:
        """Whether it may lie on the hull, for all that the search knows."""
        window = max(LEAST_WINDOW, SIGMAS * (self.doubt or 0.0))
        return self.above_hull is None or self.above_hull <= window


def shortlist(places: Sequence[Place], most: int = MOST) -> list[int]:
    """Positions of the minima to refine, the most needed first.

    The best of each element come first, without which there is no hull; then the best of each
    composition within the window, then what else is within it, then the best of the compositions
    that seem far from the hull.

    Args:
        places: distinct minima, the best of each composition first.
        most: how many at most.
    """
    seen: dict[str, int] = {}
    ranked: list[tuple[int, float, int]] = []
    for position, place in enumerate(places):
        before = seen.get(place.formula, 0)
        seen[place.formula] = before + 1
        need = _need(place, is_best=before < OF_EACH)
        if need is not None:
            ranked.append((need, place.above_hull or 0.0, position))
    return [position for *_, position in sorted(ranked)[:most]]


def _need(place: Place, *, is_best: bool) -> int | None:
    """How early a minimum is due, or None if it is not."""
    if place.is_element and is_best:
        return 0
    if place.in_window:
        return 1 if is_best else 2
    return 3 if is_best else None
