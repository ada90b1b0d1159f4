"""A round of retraining from labels to promotion or rejection, with tiny models."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dao_core.training.retraining_settings import PREDICTOR_RETRAINING
from flows.campaign.server import prefect_server
from flows.cli.app import main
from flows.retraining.flow import retrain as retrain_flow
from flows.retraining.request import RetrainRequest
from stores import open_store
from stores.documents import EventDocument, LabelDocument, ManifestDocument, ModelDocument
from stores.registry import find_model, history, rollback, serving

Capture = pytest.CaptureFixture[str]


def retrain(capsys: Capture, store: str, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["retrain", "emt", "--store", store, "--steps", "60", "--json", *words])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


@pytest.mark.slow
@pytest.mark.training
def test_a_round_promotes_better_models_and_is_not_done_twice(world: str, capsys: Capture) -> None:
    first = retrain(capsys, world)
    assert first["new_labels"] > 10
    assert first["excluded"]["test_structure:holdout"] > 0
    predictor, generator = first["outcomes"]
    assert predictor["promoted"], predictor["reason"]
    with open_store(world) as store:
        model = find_model(store, predictor["model_id"])
        assert model.manifest_id == first["manifest_id"]
        assert model.card["round"] == 1
        assert model.card["monitors"]["own"] == 0.0
        parent = store.get(ModelDocument, model.parents[0])
        assert parent is not None
        assert parent.name == "first-p"
        manifest = store.get(ManifestDocument, first["manifest_id"])
        assert manifest is not None
        assert "holdout" in manifest.test_sets
        assert serving(store, "predictor").id == model.id
        steps = len(history(store, "predictor")), len(history(store, "generator"))
    assert generator["reason"]

    again = retrain(capsys, world)
    assert (again["new_labels"], again["outcomes"]) == (0, [])
    with open_store(world) as store:
        assert (len(history(store, "predictor")), len(history(store, "generator"))) == steps
        back = rollback(store, "predictor")
        assert back.model_id == parent.id


@pytest.mark.slow
@pytest.mark.training
def test_a_worse_model_is_rejected_with_the_reason_and_the_old_one_serves(
    world: str, capsys: Capture, nonsense: list[LabelDocument], add_labels: Any
) -> None:
    better = retrain(capsys, world)["outcomes"][0]
    assert better["promoted"], better["reason"]
    with open_store(world) as store:
        add_labels(store, nonsense)
    # With replay and anchor it would hardly follow the nonsense.
    gullible = replace(PREDICTOR_RETRAINING, steps=60, replay=0.0, anchor=0.0)
    request = RetrainRequest(level="emt", store=world, predictor=gullible, generator=None)
    with prefect_server():
        second = retrain_flow(request).outcomes[0]
    assert not second.promoted
    assert "worse than allowed: " in second.reason
    assert second.model_id == better["model_id"]
    with open_store(world) as store:
        assert serving(store, "predictor").id == better["model_id"]
        (event,) = store.find(EventDocument, {"kind": "model_rejected", "reason": second.reason})
        assert find_model(store, event.subject).parents == [better["model_id"]]


def test_without_a_holdout_nothing_is_trained_and_the_way_out_is_named(
    world: str, capsys: Capture
) -> None:
    code = main(["retrain", "emt", "--store", world, "--holdout", "nowhere", "--json"])
    assert code == 2
    assert "dao store test-set nowhere" in json.loads(capsys.readouterr().out)["error"]
