"""First stage: ask each source for its share of candidates, and write what comes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

from pymatgen.core import Composition, Structure

from dao_core.crystal.identity import candidate_id, structure_id
from dao_core.crystal.validity import invalid_reason
from dao_core.search.sources import Proposal
from flows.campaign import progress
from flows.campaign.plan import Share
from flows.campaign.running import Campaign
from flows.campaign.sources import alike, proposals
from stores.documents import CandidateDocument, composition_fields

STAGE = "proposed"
SHARES_PER_BATCH = 16
"""Of a generator: its network takes one crystal hardly sooner than a few."""


def missing_batches(campaign: Campaign, shares: Sequence[Share]) -> list[list[Share]]:
    """The shares whose candidates the store does not have yet, in batches that belong together.

    Batches are cut before it is asked what is missing, and written whole, so that a campaign that
    goes on makes the same ones.
    """
    done = campaign.ledger.done([share.key for share in shares])
    ordered = sorted(shares, key=alike)
    groups = (list(group) for _, group in groupby(ordered, key=alike))
    batches = chain.from_iterable(_parts(group, SHARES_PER_BATCH) for group in groups)
    missing = ([share for share in batch if share.key not in done] for batch in batches)
    return [batch for batch in missing if batch]


def _parts(shares: Sequence[Share], n: int) -> Iterator[Sequence[Share]]:
    """Consecutive parts of at most ``n``."""
    return (shares[start : start + n] for start in range(0, len(shares), n))


def propose(campaign: Campaign, batches: Sequence[Sequence[Share]]) -> None:
    """Propose the candidates of some batches; each batch is written when it is complete.

    Args:
        campaign: The campaign.
        batches: Some of :func:`missing_batches`.
    """
    for batch in batches:
        begun = time.monotonic()
        documents = [
            _documents(campaign, share, found)
            for share, found in zip(batch, proposals(campaign, batch), strict=True)
        ]
        seconds = (time.monotonic() - begun) / len(batch)
        with campaign.store.transaction():
            campaign.store.put([document for one in documents for document in one])
            for share, one in zip(batch, documents, strict=True):
                outcome = {"candidate_ids": [document.candidate_id for document in one]}
                campaign.ledger.record(share.key, STAGE, outcome, seconds)
        progress.advance(STAGE, sum(share.n for share in batch))


def _documents(
    campaign: Campaign, share: Share, found: Sequence[Proposal]
) -> list[CandidateDocument]:
    return [
        candidate_document(
            proposal.structure,
            _provenance(share, index, proposal),
            share.model if share.source in campaign.models and share.model else None,
            campaign.campaign_id,
        )
        for index, proposal in enumerate(found, start=share.first)
    ]


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
