"""Queries with numbers of 5,000 digits, and with patterns that are made to take for ever."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flows.cli.app import main
from stores import open_store
from stores.documents import EventDocument, utc_now
from stores.query import parse_query

DIGITS = "9" * 5000
CRAFTED = (
    "(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a?){40}a{40}$", "x*" * 50,
)  # fmt: skip


@pytest.mark.parametrize("store", ["memory://", "home"])
@pytest.mark.parametrize(
    ("query", "exit_code"),
    [
        (f'{{"nsites": {DIGITS}}}', 2),
        (f'{{"nsites": {{"$in": [1, -{DIGITS}]}}}}', 2),
        ('{"nsites": 9223372036854775808}', 2),
        (f"nsites<{DIGITS}", 0),
        ("nsites<1e300", 0),
    ],
)
def test_whole_numbers_of_5000_digits(
    query: str, exit_code: int, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = store if store == "memory://" else str(tmp_path)
    words = ["store", "query", query, "--in", "structures", "--store", uri, "--json"]
    assert main(words) == exit_code
    assert len(json.loads(capsys.readouterr().out).get("error", "")) < 300


@pytest.mark.parametrize("store", ["memory://", "home"])
def test_a_crafted_pattern_takes_no_longer_than_another(store: str, tmp_path: Path) -> None:
    with open_store(store if store == "memory://" else tmp_path) as opened:
        opened.put(
            EventDocument(event_id="e", kind="k", subject="a" * 5000 + "!", happened=utc_now())
        )
        begun = time.process_time()
        for pattern in CRAFTED:
            for query in (f"subject~{pattern}", json.dumps({"subject": {"$regex": pattern}})):
                list(opened.find(EventDocument, parse_query(query, EventDocument)))
        assert time.process_time() - begun < 5.0  # Python's own matcher would take years


def test_what_a_pattern_finds(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for name in ("Fm-3m", "P6_3mc", "half \ud800"):
            store.put(EventDocument(event_id=name[:4], kind="k", subject=name, happened=utc_now()))

        def found(condition: object) -> list[str]:
            criteria = parse_query(json.dumps({"subject": condition}), EventDocument)
            return [one.subject for one in store.find(EventDocument, criteria)]

        assert found({"$regex": "^F"}) == ["Fm-3m"]
        assert found({"$regex": "^f", "$options": "i"}) == ["Fm-3m"]
        assert found({"$not": {"$regex": "m"}}) == ["half \ud800"]
        assert found({"$regex": r"\d_\d"}) == ["P6_3mc"]
