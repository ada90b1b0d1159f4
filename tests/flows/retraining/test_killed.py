"""A round of retraining that is killed inside every stage ends like an undisturbed one."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Structure

from dao_core.checkpoints.format import HASH_LENGTH
from flows.slots import TRAINING_LIMIT
from stores import DaoStore, open_store
from stores.documents import RelaxationDocument, StructureDocument, composition_fields
from stores.registry import serving

STEPS = 40
RELAXED = 66
"""Two batches of :mod:`flows.retraining.relaxing_again`."""
PLACES = {
    "DAO-P trained": ("dao_core.training.retraining_predictor:AnchoredPredictor.training_step", 9),
    "DAO-P promoted, and not written down": ("flows.retraining.models:_write_down", 1),
    "relaxed again": ("flows.retraining.relaxing_again:_relax_missing", 2),
    "DAO-G trained": ("dao_core.training.retraining_generator:AnchoredGenerator.training_step", 9),
    "DAO-G registered, and not settled": ("flows.retraining.models:_write_down", 1),
}
"""Where it is killed, in the order in which a round comes there."""
HOLDS_A_SLOT = {place for place in PLACES if place.startswith("DAO-")}
TIMES = {"last_updated", "happened", "registered", "promoted", "builder_meta", "_id"}
"""Fields that say when something was done, not what came out."""


def relaxed(store: DaoStore, crystals: list[Structure]) -> None:
    """Write crystals as what the DAO-P that serves has relaxed, the lowest first."""
    model = serving(store, "predictor")
    assert model is not None
    documents = [StructureDocument.from_structure(one) for one in crystals]
    store.put(documents)
    store.put(
        RelaxationDocument(
            relaxation_id=f"r-{number:03d}",
            structure_id=document.structure_id,
            level=f"dao-p@{model.id[:HASH_LENGTH]}",
            energy_per_atom=-4.0 + 0.001 * number,
            stop_reason="converged",
            converged=True,
            structure=crystal.as_dict(),
            **composition_fields(crystal),
        )
        for number, (document, crystal) in enumerate(zip(documents, crystals, strict=True))
    )


def content(uri: Path) -> dict[str, dict[str, Any]]:
    """Everything of science in a store: all documents without times."""
    with open_store(uri) as store:
        return {
            f"{name}/{document[collection.key]}": {
                key: value for key, value in document.items() if key not in TIMES
            }
            for name, collection in store.collections.items()
            for document in collection.query({})
        }


def written(home: Path) -> dict[str, Any]:
    """When each finished piece of work was written: what is done again is written anew."""
    with open_store(home / "store") as store:
        documents = {
            one["relaxation_id"]: one["last_updated"] for one in store.relaxations.query({})
        }
        history = {one["promotion_id"]: one["promoted"] for one in store.promotions.query({})}
    models = home.glob("store/retraining/*/*.safetensors")
    files = {str(file): file.stat().st_mtime_ns for file in models}
    return {**documents, **history, **files}


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.timeout(2400)
def test_killed_inside_every_stage_it_ends_like_an_undisturbed_round(
    server: Any, world: str, tmp_path: Path, alloys: Any
) -> None:
    with open_store(world) as store:
        relaxed(store, alloys(3, RELAXED))
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for home in (undisturbed, killed):
        shutil.copytree(world, home / "store")

    def start(home: Path, where: tuple[str, int] | None = None) -> Any:
        words = ("retrain", "emt", "--store", str(home / "store"), "--steps", str(STEPS), "--json")
        return server.start_dao(home, *words, killed_in=where)

    for place, where in PLACES.items():
        before = written(killed)
        process = start(killed, where)
        _, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, f"{place}: {errors.decode()}"
        assert before.items() <= written(killed).items(), f"{place}: done again"
        held = server.slots_in_use(TRAINING_LIMIT)
        assert held == (place in HOLDS_A_SLOT), place
        if held:
            server.let_leases_end()  # else the next one waits for the slot of the dead
    before, reports = written(killed), []
    for home in (undisturbed, killed):
        process = start(home)
        out, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        reports.append(json.loads(out))
    assert before.items() <= written(killed).items(), "done again"
    assert server.slots_in_use(TRAINING_LIMIT) == 0
    first, second = reports
    assert (first["taken_up"], second["taken_up"]) == (False, True)
    assert first["outcomes"][0]["promoted"], first["outcomes"][0]["reason"]
    assert second["outcomes"] == first["outcomes"]
    ended = content(undisturbed / "store")
    assert sum(name.startswith("relaxations/") for name in ended) == 2 * RELAXED
    assert content(killed / "store") == ended
