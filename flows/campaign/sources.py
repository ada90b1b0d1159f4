"""What the source of a share proposes, with what it starts from fetched from the store."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.search.sources import (
    CandidateSource,
    GeneratorSource,
    Parent,
    PerturbationSource,
    Proposal,
    SoftModeSource,
    TemplateSource,
    UserSource,
)
from flows.campaign.known import open_templates
from flows.campaign.plan import Share
from flows.campaign.relaxation import relaxation_key
from flows.campaign.returned import soft_mode_source
from flows.campaign.running import Campaign
from stores.documents import CandidateDocument, RelaxationDocument


def proposals(campaign: Campaign, shares: Sequence[Share]) -> list[list[Proposal]]:
    """The candidates of each of some shares that are :func:`alike`."""
    first = shares[0]
    source = _source(campaign, first)
    if isinstance(source, GeneratorSource):
        cells = [share.cell for share in shares]
        return source.propose_together(cells, first.n, first.seed, first.first)
    return [
        _source(campaign, share).propose(share.cell, share.n, share.seed, share.first)
        for share in shares
    ]


def alike(share: Share) -> tuple[str, int, int]:
    """What shares have in common that are asked for together."""
    return share.source, share.n, share.first


def _source(campaign: Campaign, share: Share) -> CandidateSource:
    if share.source == UserSource.name:
        return campaign.own
    if share.source == SoftModeSource.name:
        return soft_mode_source(campaign.store, share.parents)
    if share.source == PerturbationSource.name:
        return PerturbationSource(_parents(campaign, share.parents), campaign.potential)
    if share.parents:
        return TemplateSource(open_templates(campaign.store, share.parents))
    return campaign.sources[share.source]


def _parents(campaign: Campaign, identities: Sequence[str]) -> list[Parent]:
    """The relaxed structures of some candidates, in the given order."""
    found = campaign.store.find(CandidateDocument, {"candidate_id": {"$in": list(identities)}})
    keys = {relaxation_key(c, campaign.conditions): c.candidate_id for c in found}
    relaxations = campaign.store.find(RelaxationDocument, {"relaxation_id": {"$in": list(keys)}})
    structures = {keys[r.relaxation_id]: r.to_pymatgen() for r in relaxations}
    return [
        Parent(key, structure)
        for key in identities
        if (structure := structures.get(key)) is not None
    ]
