"""Candidates that `dao phonons` returned to the search: what unstable crystals became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_core.crystal.reading import NamedStructure
from dao_core.search.sources import SoftModeSource
from flows.campaign.plan import Share
from flows.campaign.running import Campaign
from flows.validation.crystals import find_crystals
from stores import DaoStore
from stores.documents import CandidateDocument


def soft_mode_shares(campaign: Campaign) -> list[Share]:
    """One share for each cell of the returned candidates of the campaign's compositions."""
    wanted: dict[str, Any] = {
        "formula": {"$in": sorted({cell.formula for cell in campaign.cells})},
        "provenance.source": SoftModeSource.name,
        "campaign_ids": [],
        "rejection": None,
    }
    found = campaign.store.find(CandidateDocument, wanted, sort={"candidate_id": 1})
    returned = soft_mode_source(campaign.store, [one.candidate_id for one in found])
    return [
        Share.of(
            SoftModeSource.name, "", cell, len(fallen), campaign.request.seed,
            parents=tuple(named.source for named in fallen),
        )
        for cell, fallen in returned.cells().items()
    ]  # fmt: skip


def soft_mode_source(store: DaoStore, identities: Sequence[str]) -> SoftModeSource:
    """The source of some returned candidates, each as it was relaxed last."""
    crystals = find_crystals(identities, store).crystals if identities else ()
    return SoftModeSource([NamedStructure(one.name, one.structure) for one in crystals])
