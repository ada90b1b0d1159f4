"""The report in a real browser: it draws everything, asks the network for nothing, obeys keys."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from flows.report.export import export_structures
from flows.report.page import write_report
from flows.report.summary import CampaignSummary

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--window-size=1400,1000", "about:blank",
)  # fmt: skip
PATIENCE = 600
"""Seconds; it takes a few on an idle machine."""


class Page:
    """One tab of the browser, spoken to by the DevTools protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.count = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.count += 1
        self.connection.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            message = json.loads(self.connection.recv(timeout=PATIENCE))
            if message.get("id") == self.count:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def run(self, script: str) -> Any:
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, file: Path) -> None:
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        end = time.monotonic() + PATIENCE
        while self.run("document.documentElement?.dataset.drawn") != "yes":
            assert time.monotonic() < end, "the report was never drawn"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key)

    def complaints(self) -> list[Any]:
        kinds = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        return [event["params"] for event in self.events if event["method"] in kinds]

    def requests(self) -> list[str]:
        sent = (e["params"] for e in self.events if e["method"] == "Network.requestWillBeSent")
        return [event["request"]["url"] for event in sent]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("chromium")
    command = [str(CHROMIUM), *QUIET[:-1], f"--user-data-dir={profile}", QUIET[-1]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            with connect(
                _tab(profile), max_size=None, compression=None, open_timeout=PATIENCE
            ) as connection:
                page = Page(connection)
                yield page
                _close(page)
        finally:
            browser.terminate()


def _tab(profile: Path) -> str:
    """The address of the first tab, once the browser has written its port."""
    file, end = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < end, "chromium did not start"
        time.sleep(0.05)
    port = file.read_text().split()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        return next(
            tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page"
        )


def _close(page: Page) -> None:
    """Ask the browser to end, so that none of its own processes stays behind."""
    try:
        page.call("Browser.close")
    except ConnectionClosed:
        return


@pytest.mark.parametrize("name", ["binary", "element", "ternary", "quaternary", "empty", "hostile"])
def test_report_is_drawn_without_errors_or_requests(
    name: str, page: Page, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    summary: CampaignSummary = request.getfixturevalue(name)
    file = write_report(summary, tmp_path)
    page.open(file)
    assert page.complaints() == []
    assert [url for url in page.requests() if url not in (file.as_uri(), "data:,")] == []
    assert page.run("window.pwned === undefined && !document.querySelector('.failed')")
    marks = page.run(
        "[...document.querySelectorAll('[data-plot]')]"
        ".map(host => host.querySelectorAll('.point').length)"
    )
    balls = page.run(
        "[...document.querySelectorAll('.crystal')].map(h => h.querySelectorAll('circle').length)"
    )
    assert all(count > 0 for count in marks + balls)
    assert len(balls) == len(summary.ranking[:12])
    assert bool(marks) == bool(summary.ranking)
    assert file.stat().st_size < 6_000_000


def test_table_sorts_and_filters_and_structures_turn_by_keyboard(
    page: Page, binary: CampaignSummary, tmp_path: Path
) -> None:
    exports = export_structures(binary, tmp_path)
    page.open(write_report(binary, tmp_path))
    links = page.run("[...document.querySelectorAll('#ranking-table a')].map(a => a.href)")
    assert links == [file.as_uri() for file in exports.cif.values()]

    page.run("document.querySelectorAll('#ranking-table thead button')[7].click()")
    energies = page.run(
        "[...document.querySelectorAll('#ranking-table tbody tr')]"
        ".map(row => Number(row.cells[8].dataset.value))"
    )
    assert energies == sorted(energies)
    page.run("document.querySelectorAll('#ranking-table thead button')[7].click()")
    assert page.run("document.querySelector('#ranking-table tbody tr').id") == "rank-13"
    sorted_headers = page.run(
        "[...document.querySelectorAll('th[aria-sort]')].map(h => [h.cellIndex, h.ariaSort])"
    )
    assert sorted_headers == [[8, "descending"]]

    page.run("document.getElementById('filter-text').focus()")
    page.call("Input.insertText", text="not_converged")
    assert page.run("document.getElementById('filter-count').textContent") == "2 shown"

    ball = "document.querySelector('.crystal circle').getAttribute('cx')"
    before = page.run(ball)
    page.run("document.querySelector('.crystal svg').focus()")
    page.press("ArrowRight")
    assert page.run(ball) != before

    page.run("document.querySelector('[data-show=\"13\"]').click()")
    assert page.run("document.querySelector('dialog[open] h3').textContent").startswith("13 · ")
    assert page.run("document.querySelectorAll('dialog[open] circle').length") > 0
