"""A campaign that is killed while it plans: it goes on to the end of an undisturbed one."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from stores import open_store

WORDS = (
    "campaign", "Cu-Au", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
    "--candidates", "24", "--relax", "12", "--max-atoms", "2",
)  # fmt: skip
PLACES = {
    "the choice of compositions": ("dao_core.search.setup:wanted_cells", 1),
    "the first plan": ("dao_core.search.planning:known_templates", 1),
    "the selection, crystals compared": ("dao_core.search.choice:DistinctCrystals.add", 3),
    "a batch relaxed and not yet written": ("dao_core.search.relaxation:idealised", 2),
    "the plan of the second round": ("dao_core.search.planning:divide", 1),
}
"""Where it is killed, in the order in which a campaign comes there."""


def written(home: Path) -> dict[str, Any]:
    """When each finished piece of work was written: what is done again is written anew."""
    if not (home / "store.sqlite").is_file():
        return {}
    with open_store(home) as store:
        return {
            document[name]: document["last_updated"]
            for collection, name in (
                (store.candidates, "candidate_id"),
                (store.relaxations, "relaxation_id"),
                (store.events, "event_id"),
            )
            for document in collection.query({}, [name, "last_updated"])
        }


def found(home: Path) -> dict[str, Any]:
    """What the store says came out: energies of all relaxations, outcomes of all plans, ranking."""
    with open_store(home) as store:
        (campaign,) = store.campaigns.query({})
        return {
            "relaxations": {
                one["relaxation_id"]: one["energy_per_atom"] for one in store.relaxations.query({})
            },
            "events": {
                one["event_id"]: one["detail"]["outcome"]
                for one in store.events.query({"kind": "batch"})
            },
            "ranking": campaign["ranking"],
        }


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_killed_inside_planning_it_ends_like_an_undisturbed_campaign(
    server: Any, tmp_path: Path
) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    for place, where in PLACES.items():
        before = written(killed)
        process = server.start_dao(killed, *WORDS, killed_in=where)
        _, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, f"{place}: {errors.decode()}"
        assert before.items() <= written(killed).items(), f"{place}: done again"
    before = written(killed)
    for home in (undisturbed, killed):
        process = server.start_dao(home, *WORDS)
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
    assert found(killed) == found(undisturbed)
    assert before
    assert before.items() <= written(killed).items(), "done again"
