"""Which candidates are worth a DFT calculation, and when a search has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from pymatgen.core import Structure

from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance

LEAST_DOUBT = 0.03
"""eV/atom; no surrogate knows an energy above hull better, whatever it says of itself."""
NEAR_HULL = 0.0
"""eV/atom above the hull that counts as stable."""
KNOWN_VALUE = 0.5
"""What a crystal that was known before is worth, of a new one."""
ALIKE = 0.02
"""Fingerprint distance below which two crystals of one composition are one calculation."""


@dataclass(frozen=True)
class DftCandidate:
    """What the choice looks at.

    Attributes:
        structure: relaxed crystal.
        energy_above_hull: eV/atom at the surrogate's level; None without a hull.
        energy_std: the surrogate's uncertainty, eV/atom, if it has one.
        novel: whether the crystal was not known before.
    """

    structure: Structure
    energy_above_hull: float | None
    energy_std: float | None
    novel: bool


def stability_chance(candidate: DftCandidate) -> float:
    """Chance that DFT puts a candidate on the hull, the surrogate's error taken as Gaussian.

    A candidate far above the hull gains from doubt, one on it loses: what is certain teaches less.
    """
    above = candidate.energy_above_hull
    if above is None:
        return 0.0
    doubt = max(candidate.energy_std or 0.0, LEAST_DOUBT)
    return NormalDist(0.0, doubt).cdf(NEAR_HULL - above)


def choose_for_dft(candidates: Sequence[DftCandidate], budget: int) -> list[int]:
    """Positions of the candidates to compute, the most promising first.

    Greedy: the chance of stability, halved for what was known before, and divided by one more than
    the number of chosen candidates of the same composition; a near repeat of a chosen crystal is
    never chosen. Equal values keep their order.

    Args:
        candidates: distinct crystals, best first.
        budget: how many calculations.
    """
    prints = [coloured_fingerprint(one.structure) for one in candidates]
    formulas = [one.structure.composition.reduced_formula for one in candidates]
    value = [stability_chance(c) * (1.0 if c.novel else KNOWN_VALUE) for c in candidates]
    chosen: list[int] = []
    taken: Counter[str] = Counter()
    left = list(range(len(candidates)))
    while left and len(chosen) < budget:
        best = max(left, key=lambda i: (value[i] / (1 + taken[formulas[i]]), -i))
        left.remove(best)
        same = [i for i in chosen if formulas[i] == formulas[best]]
        if any(fingerprint_distance(prints[i], prints[best]) <= ALIKE for i in same):
            continue
        chosen.append(best)
        taken[formulas[best]] += 1
    return chosen


def stop_reason(
    new_on_hull: Sequence[int], patience: int, spent: float = 0.0, budget: float | None = None
) -> str | None:
    """Why a search is over, or None.

    Args:
        new_on_hull: new phases on the hull, round by round.
        patience: so many rounds without one end the search.
        spent: cost so far, in any unit.
        budget: what may be spent in the same unit; None for no limit.
    """
    if budget is not None and spent >= budget:
        return f"the budget is spent: {spent:g} of {budget:g}"
    if len(new_on_hull) >= patience and not any(new_on_hull[-patience:]):
        return f"nothing new on the hull in {patience} rounds"
    return None
