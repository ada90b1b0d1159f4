"""Second stage: one energy (enthalpy) of every valid, unique candidate as it was proposed."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.deduplication import DistinctCrystals
from dao_core.hashing import content_id
from dao_core.potentials import energies_of
from dao_core.search.prospects import Prospect, Turns
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from flows.campaign import progress
from flows.campaign.batches import by_atoms
from flows.campaign.running import Campaign
from stores.documents import CandidateDocument

STAGE = "screened"
MAX_ATOMS = 1024
MAX_CRYSTALS = 128
REFERENCES_KEPT = 2
"""Of each composition that only competes on the hull."""


def screening_batches(candidates: Sequence[CandidateDocument]) -> list[list[CandidateDocument]]:
    """The batches in which candidates are screened, equal for equal candidates."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.nsites, candidate.candidate_id))
    return by_atoms(ordered, lambda c: c.nsites, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def batch_key(level: str, batch: Sequence[CandidateDocument]) -> str:
    """Content key of a screening batch at a level."""
    ids = [candidate.candidate_id for candidate in batch]
    return content_id(STAGE, {"level": level, "candidate_ids": ids})


def screen(campaign: Campaign, batches: Sequence[Sequence[CandidateDocument]]) -> None:
    """Evaluate some batches with the campaign's potential, and write each when it is done."""
    for batch in batches:
        begun = time.monotonic()
        structures = [candidate.to_pymatgen() for candidate in batch]
        crystals = CrystalBatch.from_structures([s for s in structures if s is not None])
        energy = energies_of(campaign.potential, crystals).double().cpu()
        pressure = campaign.request.pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA
        enthalpies = (energy + pressure * crystals.volume.double().cpu()).tolist()
        outcome = {
            candidate.candidate_id: value / candidate.nsites if math.isfinite(value) else None
            for candidate, value in zip(batch, enthalpies, strict=True)
        }
        campaign.ledger.record(
            batch_key(campaign.level, batch), STAGE, outcome, time.monotonic() - begun
        )
        progress.advance(STAGE, len(batch))


@dataclass(frozen=True)
class Choice:
    """Which candidates are relaxed.

    Attributes:
        chosen: The most promising first.
        alike: Ids of those that would have been chosen, were they not nearly equal to a better one.
    """

    chosen: list[CandidateDocument]
    alike: list[str]


def lowest(
    candidates: Sequence[CandidateDocument],
    energies: Mapping[str, float],
    number: int,
    references: Collection[str],
    before: Sequence[CandidateDocument] = (),
    known: Mapping[str, Prospect] | None = None,
) -> Choice:
    """The candidates worth relaxing: compositions near the hull more often, the best of each first.

    Energies of different compositions have no common zero, so each composition is ranked by
    itself and they take turns (:class:`dao_core.search.prospects.Turns`). A candidate that is
    nearly equal to one that is relaxed already gives its turn to the next.

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
    queues: dict[str, deque[CandidateDocument]] = {}
    for candidate in sorted(candidates, key=lambda c: (energies[c.candidate_id], c.candidate_id)):
        queues.setdefault(candidate.formula, deque()).append(candidate)
    asked = {formula: queue for formula, queue in queues.items() if formula not in references}
    chosen: list[CandidateDocument] = []
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


class _Starts:
    """Structures that are going to be relaxed, of which no two are nearly equal."""

    def __init__(self, before: Sequence[CandidateDocument], energies: Mapping[str, float]) -> None:
        self.energies = energies
        self.alike: list[str] = []
        self._distinct = DistinctCrystals()
        for candidate in before:
            self._is_new(candidate)

    def next(self, queue: deque[CandidateDocument]) -> CandidateDocument | None:
        """Take the next candidate that is like none before it; None at the end of the queue."""
        while queue:
            candidate = queue.popleft()
            if self._is_new(candidate):
                return candidate
            self.alike.append(candidate.candidate_id)
        return None

    def _is_new(self, candidate: CandidateDocument) -> bool:
        structure = candidate.to_pymatgen()
        energy = self.energies[candidate.candidate_id]
        return structure is not None and self._distinct.add(structure, energy)
