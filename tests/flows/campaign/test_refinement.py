"""A campaign whose best are relaxed on and ranked by a second potential, on a hull of their own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dao_core.potentials import catalogue
from flows.campaign import refinement
from flows.campaign.local import run_campaign
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.report.summary import CampaignSummary
from stores import open_store
from stores.documents import CampaignDocument, LabelDocument, RelaxationDocument

EMT = "ase:ase.calculators.emt:EMT"


class Noting:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.news: list[str] = []

    def begin(self, stage: str, total: int) -> None:
        """Say nothing."""

    def advance(self, stage: str, done: int) -> None:
        """Say nothing."""

    def at(self, stage: str, item: str) -> None:
        """Say nothing."""

    def tell(self, news: str) -> None:
        """Keep it."""
        self.news.append(news)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("refined")


@pytest.fixture(scope="module")
def request_(folder: Path) -> CampaignRequest:
    return CampaignRequest(
        targets=("Cu-Au",), potential=EMT, refine="dao-p", sources=("template",), candidates=20,
        relax=10, max_atoms=2, store=str(folder / "store"), out=str(folder / "out"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def listener() -> Noting:
    return Noting()


@pytest.fixture(scope="module")
def summary(request_: CampaignRequest, listener: Noting) -> CampaignSummary:
    return run_campaign(request_, Path(str(request_.out)), listener).summary


def test_the_first_answer_is_told_while_the_best_are_refined(
    summary: CampaignSummary, listener: Noting
) -> None:
    (news,) = listener.news
    assert str(summary.search_level) in news
    assert "report.html" in news


def test_ranking_and_hull_are_of_the_refined_level_alone(summary: CampaignSummary) -> None:
    assert summary.level.startswith("dao-p@")
    assert summary.search_level is not None
    assert summary.search_level.startswith("ase:")
    heights = [row.energy_above_hull for row in summary.ranking]
    assert heights[0] == 0.0
    assert all(row.search_energy_above_hull is not None for row in summary.ranking)
    assert {phase.level for phase in summary.competing} <= {summary.level}


def test_the_funnel_counts_the_refined_and_adds_up(summary: CampaignSummary) -> None:
    before, row = summary.funnel[-2:]
    assert row.stage == "refined"
    assert row.entered == before.left
    assert row.left == len(summary.ranking)
    assert all(one.unaccounted == 0 for one in summary.funnel)
    doubles = row.rejected.get("duplicate", 0)
    assert row.left + len(summary.unrefined) + doubles == row.entered


def test_each_refinement_is_a_relaxation_and_a_label_at_its_level(
    summary: CampaignSummary, request_: CampaignRequest
) -> None:
    with open_store(request_.store) as store:
        at_level = {"level": summary.level}
        relaxed = [one for one in store.find(RelaxationDocument, at_level) if one.candidate_id]
        labels = list(store.find(LabelDocument, at_level))
    reached = [one for one in relaxed if refinement.is_refined(one)]
    assert len(reached) >= len(summary.ranking)
    assert {label.source_id for label in labels} == {one.relaxation_id for one in reached}
    assert all(one.initial_structure_id for one in relaxed)


def test_exports_say_the_level_of_each_row(
    summary: CampaignSummary, request_: CampaignRequest
) -> None:
    table = pd.read_parquet(Path(str(request_.out)) / "ranking.parquet")
    levels = [level for _, level in summary.listed()]
    assert table["level"].tolist() == levels
    assert table["rank"].tolist() == list(range(1, len(levels) + 1))


def test_killed_after_its_first_answer_it_refines_nothing_twice(
    summary: CampaignSummary, request_: CampaignRequest
) -> None:
    with Campaign(request_) as campaign:
        document = campaign.document()
        assert (document.state, document.level) == ("done", summary.level)
        before = campaign.store.events.count({"subject": refinement.STAGE})
        campaign.store.put(document.model_copy(update={"state": "running", "summary": {}}))
    again = run_campaign(request_, Path(str(request_.out)), Noting()).summary
    assert [row.candidate_id for row in again.ranking] == [r.candidate_id for r in summary.ranking]
    with open_store(request_.store) as store:
        assert store.events.count({"subject": refinement.STAGE}) == before > 0
        finished = store.get(CampaignDocument, again.campaign_id)
    assert finished is not None
    assert finished.state == "done"


def test_without_refinement_the_ranking_is_that_of_the_search(
    summary: CampaignSummary, request_: CampaignRequest
) -> None:
    plain = request_.model_copy(update={"refine": "none"})
    with Campaign(plain) as campaign, Campaign(request_) as refined:
        assert campaign.refiner is None
        assert campaign.refined_level == campaign.level == summary.search_level
        assert campaign.campaign_id != refined.campaign_id


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "sevennet-0"),
        ({"pressure": 50.0}, "chgnet"),
        ({"potential": EMT}, None),
        ({"refine": "none"}, None),
        ({"refine": "chgnet"}, "chgnet"),
    ],
)
def test_auto_is_the_best_installed_where_dao_p_searches(settings, level, tmp_path: Path) -> None:
    asked = CampaignRequest(targets=("MgO",), store=str(tmp_path / "store"), **settings)
    with Campaign(asked) as campaign:
        assert (campaign.refiner is None) == (level is None)
        assert level is None or campaign.refined_level.startswith(level)


def test_a_refinement_outside_its_domain_says_so(tmp_path: Path) -> None:
    asked = CampaignRequest(
        targets=("MgO",), refine="sevennet-0", pressure=50.0, store=str(tmp_path / "store")
    )
    with Campaign(asked) as campaign:
        (warning,) = campaign.warnings
    assert warning.startswith("refinement: 50 GPa")


def test_where_nothing_is_installed_it_says_that_nothing_is_refined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue.importlib.util, "find_spec", lambda _: None)
    with Campaign(CampaignRequest(targets=("MgO",), store=str(tmp_path / "store"))) as campaign:
        assert campaign.refiner is None
        (warning,) = campaign.warnings
    assert "not refined" in warning
