"""First stage: ask each source for its share of candidates, and write what comes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pymatgen.core import Composition, Structure

from dao_core.crystal.identity import candidate_id, structure_id
from dao_core.crystal.validity import invalid_reason
from dao_core.search.sources import Proposal
from flows.campaign import progress
from flows.campaign.plan import Share
from flows.campaign.running import Campaign
from flows.campaign.sources import proposals
from stores.documents import CandidateDocument, composition_fields

STAGE = "proposed"


def missing_shares(campaign: Campaign, shares: Sequence[Share]) -> list[Share]:
    """The shares whose candidates the store does not have yet, in order of the plan."""
    done = campaign.ledger.done([share.key for share in shares])
    return [share for share in shares if share.key not in done]


def propose(campaign: Campaign, shares: Sequence[Share]) -> None:
    """Propose the candidates of some shares; each share is written when it is complete.

    Args:
        campaign: The campaign.
        shares: Some of its shares.
    """
    for share in shares:
        begun = time.monotonic()
        documents = [
            candidate_document(
                proposal.structure,
                _provenance(share, index, proposal),
                share.model if share.source in campaign.models and share.model else None,
                campaign.campaign_id,
            )
            for index, proposal in enumerate(proposals(campaign, share), start=share.first)
        ]
        ids = [document.candidate_id for document in documents]
        seconds = time.monotonic() - begun
        with campaign.store.transaction():
            campaign.store.put(documents)
            campaign.ledger.record(share.key, STAGE, {"candidate_ids": ids}, seconds)
        progress.advance(STAGE, share.n)


def _provenance(share: Share, index: int, proposal: Proposal) -> dict[str, Any]:
    """What makes the candidate again: its id is the hash of this."""
    return {
        **proposal.detail,
        "source": share.source,
        "origin": proposal.origin,
        "model": share.model,
        "formula": share.formula,
        "z": share.z,
        "seed": share.seed,
        "index": index,
    }


def candidate_document(
    structure: Structure,
    provenance: Mapping[str, Any],
    model_id: str | None = None,
    campaign_id: str | None = None,
) -> CandidateDocument:
    """A candidate as the store keeps it, with what a look at it alone can tell.

    Args:
        structure: The crystal as proposed.
        provenance: What it came from, JSON values, ``origin`` and ``formula`` among them.
        model_id: Hash of the model that made it.
        campaign_id: The campaign that asked for it.
    """
    wanted = Composition(provenance["formula"])
    reason = invalid_reason(structure, composition=wanted)
    return CandidateDocument(
        candidate_id=candidate_id(provenance),
        structure_id=None if reason else structure_id(structure),
        campaign_ids=[campaign_id] if campaign_id else [],
        origin=provenance["origin"],
        model_id=model_id,
        provenance=dict(provenance),
        rejected_at="valid" if reason else None,
        rejection=reason,
        structure=structure.as_dict(),
        **composition_fields(structure),
    )
