"""Fifth stage: the shortlist of the first ranking relaxed on by a universal potential."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dao_core.hashing import content_id
from dao_core.relax import RANKED_STOPS, enthalpy_per_atom
from dao_core.search.refinement import Place, refine, shortlist, start_of
from flows.campaign import progress
from flows.campaign.batches import by_atoms
from flows.campaign.conditions import Conditions
from flows.campaign.relaxation import as_crystal, outcome_fields
from flows.campaign.running import Campaign
from flows.report.summary import RankedStructure
from stores.documents import LabelDocument, RelaxationDocument, composition_fields
from stores.documents.base import CompositionFields
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


def missing_batches(
    campaign: Campaign, rows: Sequence[RankedStructure]
) -> list[list[RankedStructure]]:
    """Batches of those that the store does not know refined yet, small cells first."""
    keys = {row.candidate_id: refinement_key(row, campaign.refined_conditions) for row in rows}
    known = campaign.store.known_ids(RelaxationDocument, list(keys.values()))
    missing = [row for row in rows if keys[row.candidate_id] not in known]
    ordered = sorted(missing, key=lambda row: (_natoms(row), row.candidate_id))
    return by_atoms(ordered, _natoms, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def refine_batches(campaign: Campaign, batches: Sequence[Sequence[RankedStructure]]) -> None:
    """Refine some batches of :func:`missing_batches`; each is written when it is done.

    What a batch became is a relaxation, and a label where it reached a minimum.
    """
    for rows in batches:
        begun = time.monotonic()
        starts = [start_of(row.symmetrised()) for row in rows]
        ends = refine(
            starts,
            campaign.refined_with,
            campaign.potential,
            campaign.refined_conditions.settings,
            on_finish=lambda *_: progress.advance(STAGE),
        )
        crystals = [as_crystal(end) for end in ends]
        documents = [
            RelaxationDocument(
                relaxation_id=refinement_key(row, campaign.refined_conditions),
                candidate_id=row.candidate_id,
                initial_structure_id=row.structure_id,
                campaign_ids=[campaign.campaign_id],
                level=campaign.refined_level,
                settings=campaign.refined_conditions.as_dict(),
                energy_per_atom_before=enthalpy_per_atom(
                    end.energy_per_atom_before, start.volume / len(start), end.pressure
                ),
                **outcome_fields(end, crystal, CompositionFields(**composition_fields(start))),
            )
            for row, start, end, crystal in zip(rows, starts, ends, crystals, strict=True)
        ]
        key = content_id(STAGE, {"relaxations": [one.relaxation_id for one in documents]})
        with campaign.store.transaction():
            campaign.store.put([crystal for crystal in crystals if crystal is not None])
            campaign.store.put([*documents, *map(_label, filter(is_refined, documents))])
            campaign.ledger.record(key, STAGE, {}, time.monotonic() - begun)


def is_refined(document: RelaxationDocument | None) -> bool:
    """Whether a refinement reached a minimum that may be ranked."""
    return (
        document is not None
        and document.stop_reason in RANKED_STOPS
        and document.structure is not None
        and document.energy_per_atom is not None
    )


def _label(document: RelaxationDocument) -> LabelDocument:
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
