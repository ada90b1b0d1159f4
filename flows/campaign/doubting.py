"""A ranking with its doubts: ties, and what a second opinion says of it."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.doubt.second_opinion import second_energies
from flows.campaign.running import Campaign
from flows.report.doubts import LOOKED_AT, with_ties
from flows.report.summary import RankedStructure


def doubted(
    campaign: Campaign, rows: Sequence[RankedStructure], level: str
) -> list[RankedStructure]:
    """A ranking in which each row says what it ties with.

    Args:
        campaign: Whose request may name a second opinion.
        rows: Best first.
        level: Of their energies.
    """
    name = campaign.request.second_opinion
    if name is None:
        return with_ties(rows, level)
    best = rows[:LOOKED_AT]
    energies = second_energies([row.relaxed() for row in best], campaign.potential_named(name))
    asked = [
        row.model_copy(update={"second_energy_per_atom": energy})
        for row, energy in zip(best, energies, strict=True)
    ]
    return with_ties([*asked, *rows[LOOKED_AT:]], level)
