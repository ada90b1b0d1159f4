"""Sharing the candidates of a round among sources, compositions and sizes by what they brought.

The sources are the arms of a bandit: their reward is the number of new low-energy structures per
second. Seconds are nominal (see :class:`dao_core.search.sources.CandidateSource`), so that the same
results lead to the same shares on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dao_core.search.compositions import CompositionCell
from dao_core.search.prospects import Prospect

SECONDS_PER_ATOM_STEP = 2e-4
"""Nominal seconds for one atom in one evaluation of the potential."""
EXPLORED = 0.1
"""Share of a round that every source gets whatever it has brought."""
SETTLED = 0.005
"""eV/atom: a lower energy in a larger cell must be lower by this to count."""
LOW_ENERGY = 0.1
"""eV/atom above the hull below which a structure may be metastable."""

Arm = tuple[str, str, int]
"""Source, reduced formula, Z."""


@dataclass(frozen=True)
class Tally:
    """What one source has cost and brought.

    Attributes:
        proposed: candidates.
        found: low-energy structures that it was the first to find.
        seconds: nominal time of its proposals and their relaxations.
    """

    proposed: int = 0
    found: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Experience:
    """What a search knows when a round begins.

    Attributes:
        sources: by name.
        prospects: how near to the hull each reduced formula is or seems; absent if not known.
        relaxed: relaxations of each reduced formula.
        found: low-energy structures of each reduced formula.
        lowest: lowest energy for each (reduced formula, Z), eV/atom.
        closed: arms that have nothing more to offer.
    """

    sources: Mapping[str, Tally] = field(default_factory=dict)
    prospects: Mapping[str, Prospect] = field(default_factory=dict)
    relaxed: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    lowest: Mapping[tuple[str, int], float] = field(default_factory=dict)
    closed: Collection[Arm] = ()


def divide(
    cells: Sequence[CompositionCell], sources: Sequence[str], known: Experience, candidates: int
) -> dict[Arm, int]:
    """Whole numbers of candidates for the arms, which add up to ``candidates``.

    Empty where every arm is closed.

    Args:
        cells: all cells of the search.
        sources: names of the sources.
        known: what came of earlier rounds.
        candidates: how many there are to share out.
    """
    by_source = source_weights(sources, known.sources)
    sizes: dict[str, list[int]] = {}
    for cell in cells:
        sizes.setdefault(cell.formula, []).append(cell.z)
    weights: dict[Arm, float] = {}
    for formula, z_values in sizes.items():
        interest = formula_weight(formula, known)
        for z, size_weight in z_weights(formula, sorted(z_values), known.lowest).items():
            for source in sources:
                if (source, formula, z) not in known.closed:
                    weights[source, formula, z] = by_source[source] * interest * size_weight
    return _whole(_as_shared(weights, by_source), candidates)


def source_weights(sources: Sequence[str], tallies: Mapping[str, Tally]) -> dict[str, float]:
    """Share of each source: finds per second, an untried source taken for an average one."""
    tried = [tallies.get(source, Tally()) for source in sources]
    seconds = sum(tally.seconds for tally in tried) or 1.0
    usual = seconds / (sum(tally.found for tally in tried) + 1)
    rates = [(tally.found + 1) / (tally.seconds + usual) for tally in tried]
    explored = min(EXPLORED, 1 / len(sources)) if sources else 0.0
    free = 1 - explored * len(sources)
    return {
        source: explored + free * rate / sum(rates)
        for source, rate in zip(sources, rates, strict=True)
    }


def formula_weight(formula: str, known: Experience) -> float:
    """Interest in a composition: near the hull as far as is known, little explored, or generous."""
    prospect = known.prospects.get(formula)
    nearness = 1.0 if prospect is None else prospect.nearness
    relaxed = known.relaxed.get(formula, 0)
    uncertainty = 1 / math.sqrt(1 + relaxed)
    generosity = known.found.get(formula, 0) / (1 + relaxed)
    return nearness + uncertainty + generosity


def z_weights(
    formula: str, z_values: Sequence[int], lowest: Mapping[tuple[str, int], float]
) -> dict[int, float]:
    """Share of each Z of a composition: the best so far, and larger ones while the energy falls.

    Args:
        formula: reduced formula.
        z_values: ascending.
        lowest: lowest energy for each (formula, Z) tried, eV/atom.
    """
    tried = [z for z in z_values if (formula, z) in lowest]
    if not tried:
        return {z: 2.0**-place for place, z in enumerate(z_values)}
    best = tried[0]
    for z in tried[1:]:
        if lowest[formula, z] < lowest[formula, best] - SETTLED:
            best = z
    untried = [z for z in z_values if z > tried[-1]]
    falling = best == tried[-1]
    weights = dict.fromkeys(z_values, 0.25)
    weights[best] = 1.0
    for place, z in enumerate(untried):
        weights[z] = (1.0 if falling else 0.5) * 2.0**-place
    return weights


def _as_shared(weights: Mapping[Arm, float], by_source: Mapping[str, float]) -> dict[Arm, float]:
    """Weights scaled so that each source with an open arm has its share of the whole."""
    totals = dict.fromkeys(by_source, 0.0)
    for (source, _, _), weight in weights.items():
        totals[source] += weight
    return {arm: by_source[arm[0]] * weight / totals[arm[0]] for arm, weight in weights.items()}


def _whole(weights: Mapping[Arm, float], total: int) -> dict[Arm, int]:
    """Whole numbers in proportion to ``weights`` (largest remainders), zeros left out."""
    whole = sum(weights.values())
    if not weights or total <= 0:
        return {}
    exact = {arm: total * weight / whole for arm, weight in weights.items()}
    numbers = {arm: math.floor(value) for arm, value in exact.items()}
    by_remainder = sorted(exact, key=lambda arm: (numbers[arm] - exact[arm], arm))
    for arm in by_remainder[: total - sum(numbers.values())]:
        numbers[arm] += 1
    return {arm: number for arm, number in numbers.items() if number}
