"""The report as text: escaped, self-contained, bounded in size, saying its level everywhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flows.report.export import export_structures
from flows.report.markup import formula_markup, space_group_markup
from flows.report.page import MARKS_DRAWN, ROWS_SHOWN, VIEWS, duration, write_report
from flows.report.summary import CampaignSummary


class Elements(HTMLParser):
    """Collects the start tags and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.words += data


def report(summary: CampaignSummary, folder: Path) -> Elements:
    return Elements(write_report(summary, folder).read_text(encoding="utf-8"))


def test_report_loads_nothing_from_elsewhere(binary: CampaignSummary, tmp_path: Path) -> None:
    page = report(binary, tmp_path)
    sources = [attrs.get(key) for _, attrs in page.tags for key in ("src", "href", "action")]
    assert all(s is None or s.startswith(("#", "data:")) for s in sources)
    policy = next(
        a["content"] for t, a in page.tags if t == "meta" and "content" in a and "http-equiv" in a
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_hostile_text_opens_no_element(
    hostile: CampaignSummary, binary: CampaignSummary, tmp_path: Path
) -> None:
    page, usual = report(hostile, tmp_path), report(binary, tmp_path)
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert len([t for t, _ in page.tags if t == "script"]) == len(
        [t for t, _ in usual.tags if t == "script"]
    )
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert page.words.count("<img src=x onerror=window.pwned=1>") >= 10


def test_level_stands_at_every_figure_and_flags_at_their_rows(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    text = write_report(binary, tmp_path).read_text(encoding="utf-8")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text, re.DOTALL)
    assert len(captions) == 4
    assert all("chgnet-0.3.0" in caption for caption in captions)
    for row in binary.ranking:
        (line,) = re.findall(rf'<tr id="rank-{row.rank}".*?</tr>', text, re.DOTALL)
        assert ("⚠ not_converged" in line) == (not row.converged)
        assert row.candidate_id in line


def test_every_figure_has_words_for_those_who_do_not_see_it(
    ternary: CampaignSummary, tmp_path: Path
) -> None:
    page = report(ternary, tmp_path)
    figures = [attrs for _, attrs in page.tags if "data-plot" in attrs]
    assert figures
    assert all(attrs["role"] == "img" and len(attrs["aria-label"] or "") > 40 for attrs in figures)
    assert "On the hull: " in (figures[0]["aria-label"] or "")


def test_cifs_are_linked_when_they_lie_beside_the_report(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    exports = export_structures(binary, tmp_path)
    links = [a["href"] for t, a in report(binary, tmp_path).tags if t == "a" and "download" in a]
    files = [str(link) for link in links if not str(link).startswith("data:text/csv")]
    assert [tmp_path / file for file in files] == list(exports.cif.values())


def test_a_long_ranking_is_cut_and_says_so(binary: CampaignSummary, tmp_path: Path) -> None:
    row = binary.ranking[0]
    count = MARKS_DRAWN + 1
    many = tuple(
        row.model_copy(update={"rank": k, "candidate_id": f"c-{k}"}) for k in range(1, count + 1)
    )
    page = report(binary.model_copy(update={"ranking": many}), tmp_path)
    assert (
        len([a for t, a in page.tags if t == "tr" and (a.get("id") or "").startswith("rank-")])
        == ROWS_SHOWN
    )
    assert f"The first {ROWS_SHOWN} of {count} structures" in page.words
    assert f"Figures draw the first {MARKS_DRAWN} of {count} structures" in page.words
    assert len([attrs for _, attrs in page.tags if "data-show" in attrs]) == VIEWS
    assert f"The first {VIEWS} can be shown in 3D" in page.words
    assert (tmp_path / "report.html").stat().st_size < 6_000_000


def test_empty_campaign_says_so(empty: CampaignSummary, tmp_path: Path) -> None:
    page = report(empty, tmp_path)
    assert "No structure reached the ranking." in page.words
    assert "too_close 45" in page.words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(4.21, "4.2 s"), (312.4, "5 min 12 s"), (59.99, "1 min 00 s"), (11220, "3 h 07 min")],
)
def test_durations_are_readable(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_formulas_and_space_groups_are_set_as_in_print_and_escaped() -> None:
    assert formula_markup("Mg2(O10H)3") == "Mg<sub>2</sub>(O<sub>10</sub>H)<sub>3</sub>"
    assert formula_markup("<b>2") == "&lt;b&gt;2"
    assert space_group_markup("P6_3/mmc") == "P6<sub>3</sub>/mmc"
