"""Second stage: one energy of every valid, unique candidate as it was proposed."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence

from dao_core.crystal.batch import CrystalBatch
from flows.campaign import progress
from flows.campaign.batches import by_atoms
from flows.campaign.request import content_key
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
    return content_key(STAGE, {"level": level, "candidate_ids": ids})


def screen(campaign: Campaign, batches: Sequence[Sequence[CandidateDocument]]) -> None:
    """Evaluate some batches with the campaign's potential, and write each when it is done."""
    for batch in batches:
        begun = time.monotonic()
        structures = [candidate.to_pymatgen() for candidate in batch]
        crystals = CrystalBatch.from_structures([s for s in structures if s is not None])
        energies = campaign.potential.evaluate(crystals).energy.tolist()
        outcome = {
            candidate.candidate_id: energy / candidate.nsites if math.isfinite(energy) else None
            for candidate, energy in zip(batch, energies, strict=True)
        }
        campaign.ledger.record(
            batch_key(campaign.level, batch), STAGE, outcome, time.monotonic() - begun
        )
        progress.advance(STAGE, len(batch))


def lowest(
    candidates: Sequence[CandidateDocument],
    energies: Mapping[str, float],
    number: int,
    references: Collection[str],
) -> list[CandidateDocument]:
    """The candidates worth relaxing: the best of every composition first, then the next best.

    Energies of different compositions have no common zero, so each composition is ranked by
    itself and they take turns.

    Args:
        candidates: Those with an energy.
        energies: eV/atom by candidate id.
        number: How many to keep of the compositions that were asked for.
        references: Formulas that are only there for the hull; two of each are kept besides.
    """
    by_formula: dict[str, list[CandidateDocument]] = {}
    for candidate in sorted(candidates, key=lambda c: (energies[c.candidate_id], c.candidate_id)):
        by_formula.setdefault(candidate.formula, []).append(candidate)
    turns = [
        (turn, formula, candidate)
        for formula, group in by_formula.items()
        for turn, candidate in enumerate(group)
    ]
    turns.sort(key=lambda item: item[:2])
    asked = [candidate for _, formula, candidate in turns if formula not in references]
    competing = [c for turn, f, c in turns if f in references and turn < REFERENCES_KEPT]
    return asked[:number] + competing
