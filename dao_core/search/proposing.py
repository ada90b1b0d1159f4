"""First stage: ask each source for its share of candidates, and write what comes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Any

from dao_core import progress
from dao_core.search.asking import alike, proposals
from dao_core.search.records import Candidate
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share
from dao_core.search.sources import Proposal

STAGE = "proposed"
SHARES_PER_BATCH = 16
"""Of a generator: its network takes one crystal hardly sooner than a few."""


def missing_batches(search: SearchSetup, shares: Sequence[Share]) -> list[list[Share]]:
    """The shares whose candidates the store does not have yet, in batches that belong together.

    Batches are cut before it is asked what is missing, and written whole, so that a campaign that
    goes on makes the same ones.
    """
    done = search.memory.done([share.key for share in shares])
    ordered = sorted(shares, key=alike)
    groups = (list(group) for _, group in groupby(ordered, key=alike))
    batches = chain.from_iterable(_parts(group, SHARES_PER_BATCH) for group in groups)
    missing = ([share for share in batch if share.key not in done] for batch in batches)
    return [batch for batch in missing if batch]


def _parts(shares: Sequence[Share], n: int) -> Iterator[Sequence[Share]]:
    """Consecutive parts of at most ``n``."""
    return (shares[start : start + n] for start in range(0, len(shares), n))


def propose(search: SearchSetup, batch: Sequence[Share]) -> None:
    """Propose the candidates of a batch, which is kept when it is complete.

    Args:
        search: The search.
        batch: One of :func:`missing_batches`.
    """
    begun = time.monotonic()
    made = [
        _candidates(search, share, found)
        for share, found in zip(batch, proposals(search, batch), strict=True)
    ]
    seconds = (time.monotonic() - begun) / len(batch)
    with search.memory.together():
        search.memory.put_candidates([one for each in made for one in each], search.search_id)
        for share, each in zip(batch, made, strict=True):
            outcome = {"candidate_ids": [one.candidate_id for one in each]}
            search.record(share.key, STAGE, outcome, seconds)
    progress.advance(STAGE, sum(share.n for share in batch))


def _candidates(search: SearchSetup, share: Share, found: Sequence[Proposal]) -> list[Candidate]:
    return [
        Candidate.of(
            proposal.structure,
            _provenance(share, index, proposal),
            share.model if share.source in search.models and share.model else None,
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
