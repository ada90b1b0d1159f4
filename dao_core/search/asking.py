"""What the source of a share proposes, with what it starts from fetched from the memory."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.search.known_templates import open_templates
from dao_core.search.relaxation import relaxation_key
from dao_core.search.returned import soft_mode_source
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share
from dao_core.search.source_registry import BRED, bred_class
from dao_core.search.sources import (
    CandidateSource,
    GeneratorSource,
    Parent,
    Proposal,
    SoftModeSource,
    TemplateSource,
    UserSource,
)


def proposals(search: SearchSetup, shares: Sequence[Share]) -> list[list[Proposal]]:
    """The candidates of each of some shares that are :func:`alike`."""
    first = shares[0]
    source = _source(search, first)
    if isinstance(source, GeneratorSource):
        cells = [share.cell for share in shares]
        return source.propose_together(cells, first.n, first.seed, first.first)
    return [
        _source(search, share).propose(share.cell, share.n, share.seed, share.first)
        for share in shares
    ]


def alike(share: Share) -> tuple[str, int, int]:
    """What shares have in common that are asked for together."""
    return share.source, share.n, share.first


def _source(search: SearchSetup, share: Share) -> CandidateSource:
    if share.source == UserSource.name:
        return search.own
    if share.source == SoftModeSource.name:
        return soft_mode_source(search.memory, share.parents)
    if share.source in BRED:
        return bred_class(share.source)(_parents(search, share.parents), search.potential)
    if share.parents:
        return TemplateSource(open_templates(search.memory, share.parents))
    return search.sources[share.source]


def _parents(search: SearchSetup, identities: Sequence[str]) -> list[Parent]:
    """The relaxed structures of some candidates, in the given order."""
    found = search.memory.candidates(identities)
    keys = {relaxation_key(c, search.conditions): c.candidate_id for c in found}
    relaxed = search.memory.relaxed(list(keys))
    structures = {keys[r.relaxation_id]: r.to_pymatgen() for r in relaxed}
    return [
        Parent(key, structure)
        for key in identities
        if (structure := structures.get(key)) is not None
    ]
