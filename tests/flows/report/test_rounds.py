"""The history of a system: from the store to the report of a campaign and the overview of all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.campaign.history import history_of, with_history
from flows.campaign.overview import report_all
from flows.report.hull_image import hull_image
from flows.report.page import write_report
from flows.report.summary import CampaignSummary
from stores import DaoStore, open_store
from stores.documents import (
    CampaignDocument,
    EventDocument,
    LabelDocument,
    ModelDocument,
    StructureDocument,
    ValidationDocument,
    utc_now,
)


def campaign(summary: CampaignSummary) -> CampaignDocument:
    return CampaignDocument(
        campaign_id=summary.campaign_id, target=["Mg-O"], chemsys="Mg-O", level=summary.level,
        state="done", summary=summary.model_dump(mode="json"),
        started=summary.started, finished=summary.finished,
    )  # fmt: skip


def later(summary: CampaignSummary, days: int, **changes: object) -> CampaignSummary:
    """The same campaign again, all of it known by then."""
    step = timedelta(days=days)
    known = tuple(row.model_copy(update={"novel": False}) for row in summary.ranking)
    update = {
        "campaign_id": f"k-{days}", "ranking": known, "started": summary.started + step,
        "finished": summary.finished + step,
    }  # fmt: skip
    return summary.model_copy(update=update | changes)


@pytest.fixture
def folder(tmp_path: Path, binary: CampaignSummary) -> Path:
    """A store with two campaigns, two labels, a DFT check, and a model that was rejected."""
    first = binary.model_copy(
        update={"ranking": tuple(r.model_copy(update={"novel": True}) for r in binary.ranking)}
    )
    crystal = binary.ranking[0].relaxed()
    structure = StructureDocument.from_structure(crystal)
    model = ModelDocument(
        model_id="abc", kind="predictor", name="dao-p-round-1", registered=utc_now(),
        card={"monitors": {"drift": 0.012, "unique": 0.75, "own": None}},
    )  # fmt: skip
    with open_store(tmp_path / "store") as store:
        store.put([campaign(first), campaign(later(binary, 7)), structure, model])
        store.put(
            [
                LabelDocument.of(crystal, level="qe", source="validation", energy_per_atom=-5.9),
                LabelDocument.of(crystal, level="mp", source="materials-project"),
                ValidationDocument(
                    validation_id="v-1", structure_id=structure.structure_id, protocol="fast",
                    protocol_fingerprint="f", level="qe", state="done",
                    detail={"core_hours": 1.25},
                ),
                EventDocument(
                    event_id="e-1", kind="model_rejected", subject="abc", happened=utc_now(),
                    reason="worse than allowed: energy error",
                ),
            ]
        )  # fmt: skip
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[DaoStore]:
    with open_store(folder) as opened:
        yield opened


def test_rounds_phases_labels_cost_and_models(store: DaoStore) -> None:
    history = history_of(store, "Mg-O")
    first, second = history.rounds
    assert (first.proposed, first.seconds) == (256, pytest.approx(303.1))
    assert first.new_on_hull == first.on_hull > 0
    assert (second.on_hull, second.new_on_hull) == (first.on_hull, 0)
    assert len(history.phases) == first.on_hull
    assert all(phase.above_hull == (0.0, 0.0) for phase in history.phases)
    assert {(label.level, label.count) for label in history.labels} == {("qe", 1), ("mp", 1)}
    assert history.core_hours == 1.25
    (step,) = history.models
    assert (step.action, step.monitors) == ("reject", {"drift": 0.012, "unique": 0.75})


def test_a_search_stops_without_news_or_without_money(
    store: DaoStore, binary: CampaignSummary
) -> None:
    assert history_of(store, "Mg-O", patience=2).stop_reason is None
    assert "nothing new" in str(history_of(store, "Mg-O", patience=1).stop_reason)
    assert "budget" in str(history_of(store, "Mg-O", core_hours=1.0).stop_reason)
    store.put([campaign(later(binary, days)) for days in (14, 21)])
    assert "in 3 rounds" in str(history_of(store, "Mg-O").stop_reason)


def test_a_campaign_that_has_just_ended_counts_before_it_is_written(
    store: DaoStore, binary: CampaignSummary
) -> None:
    now = later(binary, 14, failures=())
    running = campaign(now).model_copy(update={"state": "running", "summary": {}, "finished": None})
    store.put(running)
    assert history_of(store, "Mg-O").rounds[-1].finished is None
    history = with_history(store, now).history
    assert history is not None
    assert (history.rounds[-1].state, history.rounds[-1].on_hull) == ("done", 3)


def test_the_report_shows_the_rounds_and_the_overview_every_system(
    store: DaoStore, folder: Path, binary: CampaignSummary, tmp_path: Path
) -> None:
    page = write_report(with_history(store, binary), tmp_path).read_text(encoding="utf-8")
    section = page[page.index('id="rounds"') : page.index('id="provenance"')]
    for words in ("k-mg-o", "k-7", "on hull", "rejected", "worse than allowed", "drift", "1.250"):
        assert words in section, words
    assert 'data-plot="rounds"' in section

    overview, file = report_all(tmp_path, str(folder))
    text = file.read_text(encoding="utf-8")
    assert "<script" not in text
    assert [system.chemsys for system in overview.systems] == ["Mg-O"]
    assert ("1.25", "core-hours of DFT") in overview.facts()
    assert ("0", "campaigns ended this week") in overview.facts()
    assert "worth it" in text


def test_a_picture_of_the_hull_for_two_elements_and_for_more(
    binary: CampaignSummary, ternary: CampaignSummary, empty: CampaignSummary
) -> None:
    for summary in (binary, ternary):
        picture = hull_image(summary)
        assert picture is not None
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 60_000
    assert hull_image(empty) is None
