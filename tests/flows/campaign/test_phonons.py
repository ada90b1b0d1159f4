"""A campaign that asks for phonons: those of its best, once, with a way down for unstable ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.identity import structure_id
from flows.campaign.phonons import best_without_phonons, find_phonons_of_best
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.report.summary import CampaignSummary, RankedStructure
from flows.validation.stage import is_settled
from stores.documents import CandidateDocument, utc_now

FCC = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
CUBIC = Structure(Lattice.cubic(2.4), ["Cu"], [[0, 0, 0]])
BROKEN = Structure(Lattice.cubic(30.0), ["Cu"], [[0, 0, 0]])


def row(rank: int, structure: Structure) -> RankedStructure:
    return RankedStructure(
        rank=rank, candidate_id=f"c-{rank}", structure_id=structure_id(structure), formula="Cu",
        z=1, space_group="P1", space_group_number=1, energy_per_atom=0.1 * rank,
        energy_above_hull=0.1 * (rank - 1), volume_per_atom=12.0, origin="dao-g", novel=True,
        structure=structure.as_dict(),
    )  # fmt: skip


@pytest.fixture
def ranked(tmp_path: Path) -> Campaign:
    """A campaign whose ranking stands: copper as it is, in a cubic cell, and as lone atoms."""
    request = CampaignRequest(
        targets=("Cu",), sources=("template",), potential="ase:ase.calculators.emt:EMT",
        phonons=2, store=str(tmp_path / "store"), out=str(tmp_path / "out"),
    )  # fmt: skip
    campaign = Campaign(request)
    document, now = campaign.document(), utc_now()
    summary = CampaignSummary(
        campaign_id=campaign.campaign_id, system="Cu", elements=("Cu",), request={},
        level=campaign.level, store=campaign.store.uri, started=now, finished=now,
        ranking=(row(1, FCC), row(2, CUBIC), row(3, BROKEN)),
    )  # fmt: skip
    document.state, document.summary = "done", summary.model_dump(mode="json")
    campaign.store.put(document)
    return campaign


def test_the_best_get_phonons_once_and_unstable_ones_a_way_down(ranked: Campaign) -> None:
    with ranked as campaign:
        assert not is_settled(campaign.document(), campaign.request)
        summary = find_phonons_of_best(campaign)
        stable, unstable = summary.interpretations
        assert (stable.rank, stable.result["imaginary"]) == (1, "none")
        assert (unstable.rank, unstable.result["imaginary"]) == (2, "instability")
        assert campaign.store.get(CandidateDocument, unstable.result["soft_mode_candidate_id"])
        assert "dynamically unstable" in (campaign.folder / "report.html").read_text()
        assert is_settled(campaign.document(), campaign.request)
        assert not best_without_phonons(summary, campaign.request)
        more = campaign.request.model_copy(update={"phonons": 3})
        assert [one.rank for one in best_without_phonons(summary, more)] == [3]
        assert not is_settled(campaign.document(), more)


def test_what_cannot_be_found_is_a_failure_with_a_reason(ranked: Campaign) -> None:
    with ranked as campaign:
        campaign.request = campaign.request.model_copy(update={"phonons": 3})
        summary = find_phonons_of_best(campaign)
        (failure,) = [one for one in summary.failures if one.stage == "phonons"]
        assert (failure.item, failure.stage) == ("c-3", "phonons")
        assert "all forces vanish" in failure.reason
        assert is_settled(campaign.document(), campaign.request)
