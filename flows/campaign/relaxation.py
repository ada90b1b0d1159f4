"""Third stage: relax the best candidates in batches, and write what each became."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any

from dao_core.errors import InputError
from dao_core.hashing import content_id
from dao_core.potentials import Potential
from dao_core.potentials.second_opinion import second_opinion
from dao_core.relax import Relaxation, enthalpy_per_atom, idealised, relax
from flows.campaign import progress
from flows.campaign.batches import by_atoms
from flows.campaign.conditions import Conditions
from flows.campaign.running import Campaign
from stores import DaoStore
from stores.documents import (
    CandidateDocument,
    RelaxationDocument,
    StructureDocument,
    composition_fields,
)
from stores.documents.base import CompositionFields

STAGE = "relaxed"
FIRST_TIER = 8
MAX_ATOMS = 256
MAX_CRYSTALS = 16
"""A batch is written whole, and a killed one is done again whole: a crystal's last digits depend
on its neighbours in the batch, and the store of a resumed campaign must equal an undisturbed one.
So a batch is small enough to be lost."""


def relaxation_key(candidate: CandidateDocument, conditions: Conditions) -> str:
    """Id of the relaxation of a candidate under some conditions."""
    content = {
        "candidate_id": candidate.candidate_id,
        "level": conditions.level,
        "settings": conditions.as_dict(),
    }
    return content_id("r", content)


def relaxation_batches(candidates: Sequence[CandidateDocument]) -> list[list[CandidateDocument]]:
    """The batches in which candidates are relaxed, equal for equal candidates."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.nsites, candidate.candidate_id))
    return by_atoms(ordered, lambda c: c.nsites, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def search_tiers(chosen: Sequence[CandidateDocument]) -> list[list[list[CandidateDocument]]]:
    """The batches of a search, in tiers of doubling length, the most promising first.

    What the tiers before find is the standard by which later relaxations are hopeless or not, so
    that the batches of one tier may be relaxed in any order, or side by side.
    """
    tiers: list[list[list[CandidateDocument]]] = []
    first, length = 0, FIRST_TIER
    while first < len(chosen):
        tiers.append(relaxation_batches(chosen[first : first + length]))
        first, length = first + length, 2 * length
    return tiers


def search_batches(chosen: Sequence[CandidateDocument]) -> list[list[CandidateDocument]]:
    """The batches of all tiers, in their order."""
    return [batch for tier in search_tiers(chosen) for batch in tier]


def batch_key(conditions: Conditions, batch: Sequence[CandidateDocument]) -> str:
    """Content key of a batch of relaxations under some conditions."""
    return content_id(STAGE, {"relaxations": relaxation_keys(batch, conditions)})


def relax_batches(
    campaign: Campaign,
    batches: Sequence[Sequence[CandidateDocument]],
    best: Mapping[str, float],
    tiers: Sequence[Sequence[str]],
) -> None:
    """Relax what is missing of some batches, and write each batch when it is done.

    Args:
        campaign: The campaign.
        batches: Some of :func:`search_batches`.
        best: Lowest energy of each reduced formula in earlier rounds, eV/atom.
        tiers: Ids of the relaxations of this round, tier by tier.
    """
    conditions = campaign.conditions
    for before, together in groupby(
        batches, lambda batch: _tiers_before(tiers, relaxation_key(batch[0], conditions))
    ):
        standard = _lowered(best, campaign.store, before)  # one for all batches of a tier
        for batch in together:
            begun = time.monotonic()
            relax_missing(
                batch,
                campaign.potential,
                campaign.store,
                conditions,
                campaign_id=campaign.campaign_id,
                best=standard,
            )
            key = batch_key(conditions, batch)
            campaign.ledger.record(key, STAGE, {}, time.monotonic() - begun)


def _tiers_before(tiers: Sequence[Sequence[str]], key: str) -> list[str]:
    """Ids of all relaxations of the tiers before the one that has ``key``."""
    return [one for tier in takewhile(lambda tier: key not in tier, tiers) for one in tier]


def relaxation_keys(candidates: Sequence[CandidateDocument], conditions: Conditions) -> list[str]:
    """Ids of the relaxations of some candidates."""
    return [relaxation_key(candidate, conditions) for candidate in candidates]


def _lowered(best: Mapping[str, float], store: DaoStore, keys: Sequence[str]) -> dict[str, float]:
    """The lowest energies once some relaxations are counted in."""
    lowest = dict(best)
    found = store.collections[RelaxationDocument.collection].query(
        {"relaxation_id": {"$in": list(keys)}, "converged": True},
        properties=["formula", "energy_per_atom"],
    )
    for relaxation in found if keys else ():
        formula, energy = relaxation["formula"], relaxation["energy_per_atom"]
        lowest[formula] = min(energy, lowest.get(formula, energy))
    return lowest


def relax_missing(
    candidates: Sequence[CandidateDocument],
    potential: Potential,
    store: DaoStore,
    conditions: Conditions,
    *,
    campaign_id: str | None = None,
    best: Mapping[str, float] | None = None,
) -> None:
    """Relax together those candidates that the store does not know relaxed like this.

    The structures are written before the relaxations that refer to them.

    Args:
        candidates: All with a structure.
        potential: What relaxes them.
        store: Where to look and to write.
        conditions: How they are relaxed.
        campaign_id: The campaign that wants them, if one does.
        best: Lowest energy known of each reduced formula, eV/atom, for a search.
    """
    keys = {c.candidate_id: relaxation_key(c, conditions) for c in candidates}
    known = store.known_ids(RelaxationDocument, list(keys.values()))
    missing = [c for c in candidates if keys[c.candidate_id] not in known]
    progress.advance(STAGE, len(candidates) - len(missing))
    relaxations = relax(
        [structure for c in missing if (structure := c.to_pymatgen()) is not None],
        potential,
        conditions.settings,
        on_finish=lambda *_: progress.advance(STAGE),
        best=(best or {}) if conditions.searching else None,
        second=second_opinion(potential, conditions.settings.pressure),
    )
    if conditions.searching:
        relaxations = idealised(relaxations, potential, conditions.settings)
    ends = [as_crystal(relaxation) for relaxation in relaxations]
    documents = [
        _document(candidate, relaxation, end, conditions, campaign_id)
        for candidate, relaxation, end in zip(missing, relaxations, ends, strict=True)
    ]
    with store.transaction():
        store.put([end for end in ends if end is not None])
        store.put(documents)


def as_crystal(relaxation: Relaxation) -> StructureDocument | None:
    """The relaxed crystal as the store keeps it, or None where there is none."""
    if relaxation.error or relaxation.structure is None:
        return None
    try:
        return StructureDocument.from_structure(relaxation.structure)
    except InputError:  # exploded or collapsed: the relaxation's stop reason says so
        return None


def _enthalpy_before(candidate: CandidateDocument, relaxation: Relaxation) -> float | None:
    """Of the start, like the enthalpy of the end that it stands beside, eV/atom."""
    start = candidate.to_pymatgen()
    if start is None:
        return None
    return enthalpy_per_atom(
        relaxation.energy_per_atom_before, start.volume / len(start), relaxation.pressure
    )


def _document(
    candidate: CandidateDocument,
    relaxation: Relaxation,
    end: StructureDocument | None,
    conditions: Conditions,
    campaign_id: str | None,
) -> RelaxationDocument:
    """What became of one candidate."""
    return RelaxationDocument(
        relaxation_id=relaxation_key(candidate, conditions),
        candidate_id=candidate.candidate_id,
        initial_structure_id=candidate.structure_id,
        campaign_ids=[campaign_id] if campaign_id else [],
        level=conditions.level,
        energy_per_atom_before=_enthalpy_before(candidate, relaxation),
        settings=conditions.as_dict(),
        **outcome_fields(relaxation, end, candidate),
    )


def outcome_fields(
    relaxation: Relaxation, end: StructureDocument | None, start: CompositionFields
) -> dict[str, Any]:
    """How a relaxation ended, as its document has it.

    Args:
        relaxation: The end; its cell may have become a smaller one than that of the start.
        end: The crystal of the end, see :func:`as_crystal`.
        start: What it began with: its composition stands where there is no crystal.
    """
    crystal = relaxation.structure
    if end:
        composition = composition_fields(crystal)
    else:
        composition = start.model_dump(include=set(CompositionFields.model_fields))
    return {
        "structure_id": end.structure_id if end else None,
        "energy_per_atom": relaxation.enthalpy_per_atom,
        "energy_std": relaxation.energy_std,
        "pressure": relaxation.pressure,
        "steps": relaxation.steps,
        "stop_reason": relaxation.stop_reason,
        "converged": relaxation.converged,
        "max_force": relaxation.max_force,
        "max_stress": relaxation.max_stress,
        "volume_per_atom": relaxation.volume / len(crystal) if relaxation.volume else None,
        "space_group": end.space_group if end else None,
        "space_group_number": end.space_group_number if end else None,
        "structure": crystal.as_dict() if end else None,
        "error": relaxation.error,
        **composition,
    }
