"""Powder patterns: lines where the cell puts them, a CSV that can be read, and their place."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import unquote

import pytest

from flows.report.page import write_report
from flows.report.powder import as_csv_link, powder_pattern
from flows.report.summary import CampaignSummary


def test_lines_of_rock_salt_are_where_bragg_has_them(binary: CampaignSummary) -> None:
    row = next(r for r in binary.ranking if (r.formula, r.space_group) == ("MgO", "Fm-3m"))
    lines = powder_pattern(row)
    strongest = max(lines, key=lambda line: line.intensity)
    assert strongest.hkl == "(2 0 0)"
    assert strongest.spacing == pytest.approx(4.21 / 2, abs=0.001)
    assert strongest.two_theta == pytest.approx(42.93, abs=0.05)  # MgO under CuKa: 42.9
    table = list(csv.DictReader(io.StringIO(unquote(as_csv_link(lines).partition(",")[2]))))
    assert [float(line["two_theta_deg"]) for line in table] == [one.two_theta for one in lines]


def test_the_answer_stands_before_cautions_crystals_and_search(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    text = write_report(binary, tmp_path).read_text(encoding="utf-8")
    ids = ("stability", "answer", "structures", "ranking", "funnel", "provenance")
    places = [text.index(f'<section id="{one}"') for one in ids]
    assert places == sorted(places)
    assert places[1] < text.index('class="cautions" aria') < places[2]
    assert f'download="powder-1-{binary.ranking[0].formula}.csv"' in text
