"""The first screen of a campaign: what was asked for, whole at 80 columns, more on wider ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console

from dao_core.crystal.structure_type import common_name, structure_type
from flows.campaign.finished import FinishedCampaign
from flows.cli.campaign_tables import campaign_tables
from flows.report.answer import answer_of, told_doubts
from flows.report.doubts import doubts, with_ties
from flows.report.summary import CampaignSummary, RankedStructure

LEVEL = "sevennet-0-11jul2024+mp2020"
TYPES = {225: "Halite, Rock Salt", 186: "Wurtzite", 216: "Zincblende, Sphalerite"}


def _as_stored(number: int, row: RankedStructure) -> RankedStructure:
    """A row as a campaign stores it: an id of full length, and the name of its type."""
    name = TYPES.get(row.space_group_number) if row.formula == "MgO" else None
    return row.model_copy(
        update={"candidate_id": f"c-{number:020d}", "structure_type": name, "energy_std": None}
    )


@pytest.fixture
def magnesia(binary: CampaignSummary) -> CampaignSummary:
    rows = [_as_stored(number, row) for number, row in enumerate(binary.ranking, start=1)]
    return binary.model_copy(
        update={"ranking": tuple(with_ties(rows, LEVEL)), "level": LEVEL, "failures": ()}
    )


def printed(summary: CampaignSummary, width: int, *, terminal: bool = True) -> list[str]:
    console = Console(
        width=width, force_terminal=terminal, highlight=False, no_color=True, legacy_windows=False
    )
    with console.capture() as capture:
        done = FinishedCampaign(summary, Path("campaigns") / summary.campaign_id, reused=False)
        console.print(campaign_tables(done, 1.0))
    return re.sub(r"\x1b\[[0-9;]*m", "", capture.get()).splitlines()


def test_the_first_lines_are_what_was_asked_for(magnesia: CampaignSummary) -> None:
    lines = printed(magnesia, 80)
    assert lines[0] == f"Mg-O: energies at level {LEVEL}"
    first = next(line for line in lines if line.startswith("1 "))
    assert first.split()[1:4] == ["MgO", "rocksalt", "Fm-3m"]
    assert first.endswith(magnesia.ranking[0].candidate_id)
    names = [line.split()[0] for line in lines if line.strip()]
    assert names.index("others") < names.index("funnel") < names.index("campaign")


@pytest.mark.parametrize("width", [80, 100, 140, 220])
def test_nothing_is_cut_and_wider_screens_show_more(magnesia: CampaignSummary, width: int) -> None:
    lines = printed(magnesia, width)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    for group in answer_of(magnesia).asked:
        for one in group.structures:
            assert one.row.candidate_id in "\n".join(lines)
            assert f"{1000 * (one.row.energy_above_hull or 0.0) + 0.0:.1f}" in "\n".join(lines)
    heading = " ".join(lines[:3])
    assert ("Wyckoff" in heading) == (width == 220)
    assert "Å³/atom" in heading


def test_a_pipe_gets_words_and_no_lines(magnesia: CampaignSummary) -> None:
    text = "\n".join(printed(magnesia, 140, terminal=False))
    assert "─" not in text
    assert "\x1b" not in text


def test_a_tie_is_seen_and_has_its_doubt(magnesia: CampaignSummary) -> None:
    lines = printed(magnesia, 80)
    # Two rock salts 50 meV/atom apart: within what two levels that were not asked may differ.
    ties = [line for line in lines if re.match(r"\d+ ≈ 1 ", line)]
    tied = [row for row in magnesia.ranking if row.tied_with == 1]
    assert len(ties) == len(tied)
    assert all(one.doubt for one in answer_of(magnesia).asked[0].structures[1:])


def test_a_formula_ranks_that_formula_and_folds_the_rest(magnesia: CampaignSummary) -> None:
    answer = answer_of(magnesia.model_copy(update={"system": "MgO"}))
    assert [group.formula for group in answer.asked] == ["MgO"]
    assert len(answer.asked[0].structures) == sum(r.formula == "MgO" for r in magnesia.ranking)
    assert answer.asked[0].higher == 0
    assert answer.others[0].formula == "Mg"  # elements first
    lines = printed(magnesia.model_copy(update={"system": "MgO"}), 80)
    folded = " ".join(lines).partition("others (")[2].partition("funnel")[0]
    assert "Mg " in folded
    assert "MgO2 " in folded


def test_a_system_shows_its_compounds_near_the_hull(magnesia: CampaignSummary) -> None:
    answer = answer_of(magnesia)
    assert answer.asked[0].formula == "MgO"
    assert all(len(g.ground_state.relaxed().elements) == 2 for g in answer.asked)
    shown = [one.row for g in answer.asked for one in g.structures]
    assert sum(g.higher for g in answer.asked) + len(shown) == sum(
        row.formula in {g.formula for g in answer.asked} for row in magnesia.ranking
    )


def test_cautions_about_what_nobody_asked_for_are_counted(magnesia: CampaignSummary) -> None:
    below = {"energy_above_hull": -0.05}  # of the known ground state of magnesium
    rows = [r.model_copy(update=below) if r.formula == "Mg" else r for r in magnesia.ranking]
    magnesia = magnesia.model_copy(update={"ranking": tuple(rows), "system": "MgO"})
    magnesium = doubts(magnesia, ["Mg", "O2"])
    told = told_doubts(magnesia)
    assert not set(told) & set(magnesium)
    assert doubts(magnesia, ["MgO"]) == told[: len(doubts(magnesia, ["MgO"]))]
    assert "cautions about their order" in told[-1]


@pytest.mark.parametrize(
    ("label", "name"),
    [("AB_cF8_225_a_b", "rocksalt"), ("AB_hP4_186_b_b", "wurtzite"), ("A_cF4_225_a", "fcc")],
)
def test_types_have_the_names_in_daily_use(label: str, name: str) -> None:
    assert common_name(structure_type(label) or "") == name


def test_the_first_of_several_names_and_a_label_stay_as_they_are() -> None:
    assert common_name("Marcasite or Hydrophilite or zeta iron carbide") == "marcasite"
    assert common_name("ABC3_hR10_167_a_b_e or Calcite") == "ABC3_hR10_167_a_b_e"
