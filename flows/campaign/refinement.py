"""Fifth stage: the shortlist of the first ranking relaxed on by a universal potential."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core import progress
from dao_core.hashing import content_id
from dao_core.relax import RANKED_STOPS, Relaxation, enthalpy_per_atom
from dao_core.search.batches import by_atoms
from dao_core.search.conditions import Conditions
from dao_core.search.records import RelaxedCandidate, outcome
from dao_core.search.refinement import Place, refine, shortlist, start_of
from flows.campaign.running import Campaign
from flows.report.summary import RankedStructure
from stores.documents import LabelDocument, RelaxationDocument
from stores.documents.label import REFINEMENT

STAGE = "refined"
MAX_ATOMS = 48
MAX_CRYSTALS = 8
"""A batch is written whole: small enough to be lost, and to be seen to go on."""


def refinement_key(row: RankedStructure, conditions: Conditions) -> str:
    """Id of the refinement of a minimum under some conditions, whichever campaign found it."""
    content = {
        "start": row.structure_id,
        "level": conditions.level,
        "settings": conditions.as_dict(),
    }
    return content_id("r", content)


def shortlisted(ranking: Sequence[RankedStructure]) -> list[RankedStructure]:
    """The structures of a first ranking that are refined."""
    places = [
        Place(
            row.formula,
            len(row.relaxed().elements) == 1,
            row.energy_above_hull,
            row.energy_std,
        )
        for row in ranking
    ]
    return [ranking[position] for position in shortlist(places)]


def missing_work(campaign: Campaign, rows: Sequence[RankedStructure]) -> list[Refine]:
    """Batches of those that the store does not know refined yet, small cells first."""
    keys = {row.candidate_id: refinement_key(row, campaign.refined_conditions) for row in rows}
    known = campaign.memory.known_relaxations(list(keys.values()))
    missing = [row for row in rows if keys[row.candidate_id] not in known]
    ordered = sorted(missing, key=lambda row: (_natoms(row), row.candidate_id))
    batches = by_atoms(ordered, _natoms, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)
    return [
        Refine(
            tuple(batch),
            content_id(STAGE, {"relaxations": [keys[row.candidate_id] for row in batch]}),
        )
        for batch in batches
    ]


@dataclass(frozen=True)
class Refine:
    """Relax a batch of the shortlist on; what it became is kept when it is done.

    Attributes:
        rows: Of the first ranking.
        key: Content id of the batch.
    """

    rows: tuple[RankedStructure, ...]
    key: str
    stage = STAGE
    verb = "refine"

    @property
    def items(self) -> int:
        """Number of crystals."""
        return len(self.rows)

    def do(self, campaign: Campaign) -> None:
        """Refine the batch: each end is a relaxation, and a label where it reached a minimum."""
        begun = time.monotonic()
        progress.at(STAGE, (row.formula for row in self.rows))
        starts = [start_of(row.symmetrised()) for row in self.rows]
        ends = refine(
            starts,
            campaign.refined_with,
            campaign.potential,
            campaign.refined_conditions.settings,
            on_finish=lambda *_: progress.advance(STAGE),
        )
        relaxed = [
            _relaxed(row, start, end, campaign.refined_conditions)
            for row, start, end in zip(self.rows, starts, ends, strict=True)
        ]
        with campaign.memory.together():
            campaign.memory.put_relaxed(relaxed, campaign.campaign_id)
            campaign.store.put(map(_label, filter(is_refined, relaxed)))
            campaign.record(self.key, STAGE, {}, time.monotonic() - begun)


def _relaxed(
    row: RankedStructure, start: Structure, end: Relaxation, conditions: Conditions
) -> RelaxedCandidate:
    """What became of one minimum."""
    return RelaxedCandidate(
        relaxation_id=refinement_key(row, conditions),
        candidate_id=row.candidate_id,
        initial_structure_id=row.structure_id,
        level=conditions.level,
        settings=conditions.as_dict(),
        energy_per_atom_before=enthalpy_per_atom(
            end.energy_per_atom_before, start.volume / len(start), end.pressure
        ),
        **outcome(end, start.composition.reduced_formula, len(start)),
    )


def is_refined(document: RelaxationDocument | RelaxedCandidate | None) -> bool:
    """Whether a refinement reached a minimum that may be ranked."""
    return (
        document is not None
        and document.stop_reason in RANKED_STOPS
        and document.structure is not None
        and document.energy_per_atom is not None
    )


def _label(document: RelaxedCandidate) -> LabelDocument:
    """What a refinement teaches of its minimum."""
    structure = document.to_pymatgen()
    if structure is None:
        raise ValueError(f"{document.relaxation_id} has no structure")
    return LabelDocument.of(
        structure,
        level=document.level,
        source=REFINEMENT,
        source_id=document.relaxation_id,
        energy_per_atom=document.energy_per_atom,
    )


def _natoms(row: RankedStructure) -> int:
    """Atoms of the primitive cell."""
    return len(start_of(row.symmetrised()))
