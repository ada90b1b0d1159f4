"""A campaign under way shows what it has found: a page that renews itself, and ``dao report``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flows.campaign.live import LiveReport
from flows.campaign.request import CampaignRequest
from flows.campaign.result import finish
from flows.campaign.running import Campaign
from flows.campaign.stored import write_stored
from flows.report.file_names import REPORT_FILE
from flows.report_server import ReportServer

REFRESH = 'http-equiv="refresh"'


@pytest.fixture(scope="module")
def under_way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Campaign, LiveReport]]:
    """A campaign that has just relaxed its first batch."""
    folder = tmp_path_factory.mktemp("live")
    request = CampaignRequest(
        targets=("Cu-Au",), potential="ase:ase.calculators.emt:EMT", refine="none",
        sources=("template",), candidates=24, relax=12, max_atoms=2,
        store=str(folder / "store"), out=str(folder / "out"),
    )  # fmt: skip
    with Campaign(request) as running:
        live = LiveReport(running)
        running.store.put(running.document())
        while not (running.folder / REPORT_FILE).exists():
            work = running.ask(in_order=True)[0]
            work.do(running)
            running.tell(work)
            live.write()
        yield running, live


def test_the_page_says_so_and_loads_itself_again(under_way: tuple[Campaign, LiveReport]) -> None:
    running, live = under_way
    page = (running.folder / REPORT_FILE).read_text(encoding="utf-8")
    assert REFRESH in page
    assert "Under way: searching" in page
    assert 'id="rank-1"' in page
    assert live.write() is False  # too soon: the search must not wait for its report


def test_dao_report_shows_it_from_the_store(
    under_way: tuple[Campaign, LiveReport], tmp_path: Path
) -> None:
    running, _ = under_way
    done = write_stored(running.campaign_id, tmp_path / "elsewhere", running.request.store)
    assert done.summary.ranking
    assert REFRESH in done.report.read_text(encoding="utf-8")
    assert not (done.folder / "cif").exists()  # of a result alone


def test_the_page_is_served_and_the_end_is_not_called_a_change(
    under_way: tuple[Campaign, LiveReport], caplog: pytest.LogCaptureFixture
) -> None:
    running, _ = under_way
    with ReportServer(running.campaign_id, running.folder, running.request.store, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/"
            assert REFRESH in httpx.get(address).text
            running.run()
            finish(running)
            text = httpx.get(f"{address}{REPORT_FILE}").text
        finally:
            server.shutdown()
            thread.join()
    assert REFRESH not in text
    assert "damaged or changed" not in caplog.text
    assert not list(running.folder.glob("*.changed"))
