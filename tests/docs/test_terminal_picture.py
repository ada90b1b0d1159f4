"""The picture of the terminal: made from a campaign, complete, and asking for nothing."""

from __future__ import annotations

import html
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ID = re.compile(r"c-[0-9a-f]{20}")


def words(svg: str) -> str:
    return html.unescape(re.sub("<[^>]+>", "", svg)).replace("\xa0", " ")


def test_the_committed_picture_holds_an_answer_and_fetches_nothing() -> None:
    svg = (ROOT / "docs" / "pictures" / "terminal.svg").read_text()
    shown = words(svg)
    assert "$ dao campaign Mg-O" in shown
    assert "rocksalt Fm-3m" in shown
    assert ID.search(shown)
    assert "url(http" not in svg
