"""Candidates that were returned to the search: what unstable crystals became."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.search.memory import SearchMemory
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share
from dao_core.search.sources import SoftModeSource


def soft_mode_shares(search: SearchSetup) -> list[Share]:
    """One share for each cell of the returned candidates of the search's compositions."""
    found = search.memory.returned(SoftModeSource.name, {cell.formula for cell in search.cells})
    returned = soft_mode_source(search.memory, found)
    return [
        Share.of(
            SoftModeSource.name, "", cell, len(fallen), search.request.seed,
            parents=tuple(named.source for named in fallen),
        )
        for cell, fallen in returned.cells().items()
    ]  # fmt: skip


def soft_mode_source(memory: SearchMemory, identities: Sequence[str]) -> SoftModeSource:
    """The source of some returned candidates, each as it was relaxed last."""
    return SoftModeSource(memory.ends(identities))
