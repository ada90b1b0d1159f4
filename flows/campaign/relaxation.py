"""Third stage: relax the best candidates in batches, and write what each became."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from dao_core.errors import InputError
from dao_core.potentials import Potential
from dao_core.relax import Relaxation, relax
from flows.campaign import progress
from flows.campaign.batches import by_atoms
from flows.campaign.request import content_key
from flows.campaign.running import RELAX_SETTINGS, Campaign
from stores import DaoStore
from stores.documents import CandidateDocument, RelaxationDocument, StructureDocument
from stores.documents.base import CompositionFields

STAGE = "relaxed"
MAX_ATOMS = 256
MAX_CRYSTALS = 16
"""A batch is written whole, and a killed one is done again whole: a crystal's last digits depend
on its neighbours in the batch, and the store of a resumed campaign must equal an undisturbed one.
So a batch is small enough to be lost."""


def relaxation_key(candidate: CandidateDocument, level: str) -> str:
    """Id of the relaxation of a candidate at a level with the campaign's settings."""
    content = {
        "candidate_id": candidate.candidate_id,
        "level": level,
        "settings": asdict(RELAX_SETTINGS),
    }
    return content_key("r", content)


def relaxation_batches(candidates: Sequence[CandidateDocument]) -> list[list[CandidateDocument]]:
    """The batches in which candidates are relaxed, equal for equal candidates."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.nsites, candidate.candidate_id))
    return by_atoms(ordered, lambda c: c.nsites, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def batch_key(level: str, batch: Sequence[CandidateDocument]) -> str:
    """Content key of a batch of relaxations at a level."""
    return content_key(STAGE, {"relaxations": [relaxation_key(c, level) for c in batch]})


def relax_batches(campaign: Campaign, batches: Sequence[Sequence[CandidateDocument]]) -> None:
    """Relax what is missing of some batches, and write each batch when it is done."""
    for batch in batches:
        begun = time.monotonic()
        relax_missing(batch, campaign.potential, campaign.store, campaign.campaign_id)
        campaign.ledger.record(
            batch_key(campaign.level, batch), STAGE, {}, time.monotonic() - begun
        )


def relax_missing(
    candidates: Sequence[CandidateDocument],
    potential: Potential,
    store: DaoStore,
    campaign_id: str | None = None,
) -> None:
    """Relax together those candidates that the store does not know relaxed at this level.

    The structures are written before the relaxations that refer to them.

    Args:
        candidates: All with a structure.
        potential: What relaxes them.
        store: Where to look and to write.
        campaign_id: The campaign that wants them, if one does.
    """
    known = store.known_ids(
        RelaxationDocument, [relaxation_key(c, potential.level) for c in candidates]
    )
    missing = [c for c in candidates if relaxation_key(c, potential.level) not in known]
    progress.advance(STAGE, len(candidates) - len(missing))
    relaxations = relax(
        [structure for c in missing if (structure := c.to_pymatgen()) is not None],
        potential,
        RELAX_SETTINGS,
        on_finish=lambda *_: progress.advance(STAGE),
    )
    ends = [_end(relaxation) for relaxation in relaxations]
    documents = [
        _document(candidate, relaxation, end, campaign_id)
        for candidate, relaxation, end in zip(missing, relaxations, ends, strict=True)
    ]
    with store.transaction():
        store.put([end for end in ends if end is not None])
        store.put(documents)


def _end(relaxation: Relaxation) -> StructureDocument | None:
    """The relaxed crystal as the store keeps it, or None where there is none."""
    if relaxation.error or relaxation.structure is None:
        return None
    try:
        return StructureDocument.from_structure(relaxation.structure)
    except InputError:  # exploded or collapsed: the relaxation's stop reason says so
        return None


def _document(
    candidate: CandidateDocument,
    relaxation: Relaxation,
    end: StructureDocument | None,
    campaign_id: str | None,
) -> RelaxationDocument:
    """What became of one candidate."""
    crystal = relaxation.structure
    return RelaxationDocument(
        relaxation_id=relaxation_key(candidate, relaxation.level),
        candidate_id=candidate.candidate_id,
        initial_structure_id=candidate.structure_id,
        structure_id=end.structure_id if end else None,
        campaign_ids=[campaign_id] if campaign_id else [],
        level=relaxation.level,
        energy_per_atom=relaxation.energy_per_atom,
        energy_per_atom_before=relaxation.energy_per_atom_before,
        energy_std=relaxation.energy_std,
        pressure=relaxation.pressure,
        steps=relaxation.steps,
        stop_reason=relaxation.stop_reason,
        converged=relaxation.converged,
        max_force=relaxation.max_force,
        max_stress=relaxation.max_stress,
        volume_per_atom=relaxation.volume / candidate.nsites if relaxation.volume else None,
        space_group=end.space_group if end else None,
        space_group_number=end.space_group_number if end else None,
        settings=asdict(RELAX_SETTINGS),
        structure=crystal.as_dict() if end else None,
        error=relaxation.error,
        **candidate.model_dump(include=set(CompositionFields.model_fields)),
    )
