"""Which screened candidates are relaxed: compositions take turns, the best of each first."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dao_core.crystal.deduplication import DistinctCrystals
from dao_core.search.prospects import Prospect, Turns
from dao_core.search.records import Candidate

REFERENCES_KEPT = 2
"""Of each composition that only competes on the hull."""
KNOWN_TYPES = 3
"""Likeliest structure types of a composition that are relaxed before anything else of it."""


@dataclass(frozen=True)
class Choice:
    """Which candidates are relaxed.

    Attributes:
        chosen: The most promising first.
        alike: Ids of those that would have been chosen, were they not nearly equal to a better one.
    """

    chosen: list[Candidate]
    alike: list[str]


def choose(
    candidates: Sequence[Candidate],
    energies: Mapping[str, float],
    number: int,
    references: Collection[str],
    before: Sequence[Candidate] = (),
    known: Mapping[str, Prospect] | None = None,
) -> Choice:
    """The candidates worth relaxing: compositions near the hull more often, the best of each first.

    Energies of different compositions have no common zero, so each composition is ranked by
    itself and they take turns (:class:`dao_core.search.prospects.Turns`). The structure types that
    DAO-G remembers as the likeliest go before anything of lower energy: an energy without
    relaxation is a poorer judge of them. A candidate that is nearly equal to one that is relaxed
    already gives its turn to the next.

    Args:
        candidates: Those with an energy.
        energies: eV/atom by candidate id.
        number: How many to keep of the compositions that were asked for.
        references: Formulas that are only there for the hull; two of each are kept besides.
        before: Candidates of earlier rounds that are relaxed.
        known: Prospects of the compositions.
    """
    turns = Turns(known or {}, Counter(candidate.formula for candidate in before))
    starts = _Starts(before, energies)
    known_types = _known_types([*candidates, *before])
    queues: dict[str, deque[Candidate]] = {}
    for candidate in sorted(
        candidates,
        key=lambda c: (c.candidate_id not in known_types, energies[c.candidate_id], c.candidate_id),
    ):
        queues.setdefault(candidate.formula, deque()).append(candidate)
    asked = {formula: queue for formula, queue in queues.items() if formula not in references}
    chosen: list[Candidate] = []
    while len(chosen) < number and asked:
        formula = turns.next(asked)
        best = starts.next(asked[formula])
        if best is None:
            del asked[formula]
        else:
            chosen.append(best)
            turns.give(formula)
    for formula in sorted(set(queues) & set(references)):
        kept = (starts.next(queues[formula]) for _ in range(REFERENCES_KEPT))
        chosen.extend(candidate for candidate in kept if candidate is not None)
    return Choice(chosen, starts.alike)


def _known_types(candidates: Sequence[Candidate]) -> set[str]:
    """Ids of the likeliest prototypes of each composition."""
    types: dict[str, list[tuple[float, str]]] = {}
    for candidate in candidates:
        probability = candidate.provenance.get("probability")
        if probability is not None:
            entry = (-float(probability), candidate.candidate_id)
            types.setdefault(candidate.formula, []).append(entry)
    return {key for each in types.values() for _, key in sorted(each)[:KNOWN_TYPES]}


class _Starts:
    """Structures that are going to be relaxed, of which no two are nearly equal."""

    def __init__(self, before: Sequence[Candidate], energies: Mapping[str, float]) -> None:
        self.energies = energies
        self.alike: list[str] = []
        self._distinct = DistinctCrystals()
        for candidate in before:
            self._is_new(candidate)

    def next(self, queue: deque[Candidate]) -> Candidate | None:
        """Take the next candidate that is like none before it; None at the end of the queue."""
        while queue:
            candidate = queue.popleft()
            if self._is_new(candidate):
                return candidate
            self.alike.append(candidate.candidate_id)
        return None

    def _is_new(self, candidate: Candidate) -> bool:
        structure = candidate.to_pymatgen()
        energy = self.energies[candidate.candidate_id]
        return structure is not None and self._distinct.add(structure, energy)
