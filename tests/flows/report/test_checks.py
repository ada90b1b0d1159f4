"""Cautions: everything that does not fit is said, a sound campaign is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from dao_core.search.result import FunnelRow
from flows.report.checks import cautions
from flows.report.hull_diagram import hull_diagram
from flows.report.summary import CampaignSummary


def sound(summary: CampaignSummary, **changes: Any) -> CampaignSummary:
    """The summary without its own complaints, and with the given changes."""
    ranking = tuple(
        row.model_copy(update={"flags": (), "converged": True}) for row in summary.ranking
    )
    quiet = {"warnings": (), "failures": (), "ranking": ranking}
    return summary.model_copy(update=quiet | changes)


def said(summary: CampaignSummary) -> list[str]:
    return cautions(summary, hull_diagram(summary))


def test_a_sound_campaign_has_no_cautions(binary: CampaignSummary) -> None:
    assert said(sound(binary)) == []


def test_own_warnings_come_first_and_failures_are_counted(binary: CampaignSummary) -> None:
    assert said(binary)[0] == binary.warnings[0]
    assert "Failed items: 1; see Failures for the reasons." in said(binary)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"entered": 8, "left": 5, "rejected": {"x": 2}}, "+1 candidates of stage valid are"),
        ({"entered": 8, "left": 5, "rejected": {"x": 4}}, "-1 candidates of stage valid are"),
        ({"entered": 7, "left": 7}, "8 candidates left proposed, but 7 entered valid"),
    ],
)
def test_a_funnel_that_does_not_add_up_is_told(
    numbers: dict[str, Any], words: str, binary: CampaignSummary
) -> None:
    valid = FunnelRow(stage="valid", **numbers)
    funnel = (FunnelRow(stage="proposed", entered=8, left=8), valid)
    (caution,) = said(sound(binary, funnel=funnel))
    assert words in caution


def test_phases_of_another_level_are_told(binary: CampaignSummary) -> None:
    foreign = binary.competing[1].model_copy(update={"level": "qe-pbe"})
    (caution,) = said(sound(binary, competing=(*binary.competing, foreign)))
    assert caution.startswith("1 competing phases have energies at the level qe-pbe")


def test_flags_and_unfinished_relaxations_are_counted_once(binary: CampaignSummary) -> None:
    first, second, *others = sound(binary).ranking
    first = first.model_copy(update={"converged": False, "flags": ("not_converged",)})
    second = second.model_copy(update={"converged": False, "flags": ("outside_domain",)})
    found = said(sound(binary, ranking=(first, second, *others)))
    assert found == [
        "2 of 13 ranked structures: not_converged.",
        "1 of 13 ranked structures: outside_domain.",
    ]


def test_a_ranking_that_contradicts_the_drawn_hull_is_told(binary: CampaignSummary) -> None:
    first, *others = sound(binary).ranking
    first = first.model_copy(update={"energy_above_hull": 0.2})
    (caution,) = said(sound(binary, ranking=(first, *others)))
    assert caution.startswith("Ranks 1: the energy above the hull differs")


def test_unknown_hull_and_empty_ranking_are_told(
    quaternary: CampaignSummary, empty: CampaignSummary
) -> None:
    assert said(quaternary) == [
        "Some structures have no energy above the hull: the hull is incomplete."
    ]
    assert said(empty) == [
        "No structure reached the ranking; the funnel says where the candidates went."
    ]
