"""Campaigns whose models were replaced are found; those without hope are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.checkpoints.format import load_checkpoint, save_checkpoint
from dao_core.generator.model_file import KIND
from dao_core.pretrained import model_path
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.cli.app import main
from flows.renewal import outdated_campaigns
from stores import open_store
from stores.registry import promote, register_model, rollback


@pytest.mark.slow
def test_a_campaign_is_outdated_while_another_generator_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    words = "Cu --potential ase:ase.calculators.emt:EMT --candidates 4 --relax 2 --max-atoms 2"
    store = str(tmp_path / "store")
    assert main(["campaign", *words.split(), "--store", store]) == 0
    assert outdated_campaigns(store, 3) == []

    shipped = model_path("dao-g")
    tensors, card = load_checkpoint(shipped, KIND)
    save_checkpoint(tmp_path / "other.safetensors", tensors, {**card, "round": 1})
    with open_store(store) as opened:
        for file, name in ((shipped, "shipped"), (tmp_path / "other.safetensors", "other")):
            model = register_model(opened, file, kind="generator", name=name)
            promote(opened, model.id)
    (request,) = outdated_campaigns(store, 3)
    assert request.targets == ("Cu",)
    with Campaign(CampaignRequest(targets=("Cu",), store=store)) as campaign:
        assert campaign.models["dao-g"] == model.id[:8]
        moved = campaign.__reduce__()
    with open_store(store) as opened:
        rollback(opened, "generator")
    assert outdated_campaigns(store, 3) == []
    with moved[0](*moved[1]) as elsewhere:  # a task on another worker keeps the model of the start
        assert elsewhere.models["dao-g"] == model.id[:8]
