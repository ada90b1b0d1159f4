"""The settings of a campaign: what is taken, what is refused, what decides the identity."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.campaign.request import CampaignRequest


def test_takes_a_single_word_and_a_comma_list() -> None:
    request = CampaignRequest.model_validate({"targets": "Mg-O", "z": "1,2,4"})
    assert request.targets == ("Mg-O",)
    assert request.z == (1, 2, 4)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"targets": []}, "targets"),
        ({"targets": ["Si"], "candidates": 0}, "nothing to relax"),
        ({"targets": ["Si"], "sources": []}, "sources is empty"),
        ({"targets": ["Si"], "z": "2,2"}, "twice"),
        ({"targets": ["Si"], "z": "many"}, "z"),
        ({"targets": ["Si"], "z": 0}, "z"),
        ({"targets": ["Si"], "relax": 0}, "relax"),
        ({"targets": ["Si"], "sources": ["oracle"]}, "sources"),
        ({"targets": ["Si"], "colour": "red"}, "colour"),
        ({"targets": ["Si"], "pressure": -1}, "pressure"),
        ({"targets": ["Si"], "pressure": 1e6}, "pressure"),
        ({"targets": ["Si"], "sources": ["perturbation"]}, "name dao-g or template"),
        ({"targets": ["Si"], "dft_budget": 3}, "without dft"),
        ({"targets": ["Si"], "dft": "none", "approve": "ask"}, "without dft"),
        ({"targets": ["Si"], "hold": "lattice"}, "without template"),
        ({"targets": ["Xx"]}, "unknown element"),
    ],
)
def test_refuses_what_contradicts_itself(settings: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        CampaignRequest.model_validate(settings)


def test_identity_does_not_depend_on_where_things_are_written() -> None:
    here = CampaignRequest(targets=("Mg-O",), out="here", store="memory://", force=True)
    there = CampaignRequest(targets=("Mg-O",), out="there")
    assert here.for_identity() == there.for_identity()
    assert here.for_identity() != CampaignRequest(targets=("Mg-O",), seed=1).for_identity()


def test_guidance_and_held_parts_are_sources_of_their_own() -> None:
    request = CampaignRequest(targets=("MgO",), sources=("dao-g",), guidance="g", template="a.cif")
    assert request.all_sources == ("dao-g", "dao-g-guided", "dao-g-held")
    assert CampaignRequest(targets=("MgO",), sources=(), template="a.cif").all_sources == (
        "dao-g-held",
    )
