"""Released checkpoints come in by a command, and are then known by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dao_core.checkpoints.format import read_card
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.released_layout import released_shapes

Dao = Callable[..., Any]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    shapes = released_shapes(PublishedConfig(24, 2, 8, 4, 8))
    random = torch.Generator().manual_seed(0)
    state = {
        f"decoder.{name}": 0.1 * torch.randn(shape, generator=random)
        for name, shape in shapes.items()
    }
    path = tmp_path / "dao_g.ckpt"
    torch.save({"state_dict": state, "epoch": 3}, path)
    return path


def test_imported_models_are_listed_and_generate(
    dao: Dao, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = dao("models", "import", str(released), "--json")
    assert answer.code == 0
    assert answer.result["name"] == "dao_g"
    assert {"level", "store", "versions", "seconds"} <= answer.result.keys()
    card = read_card(Path(answer.result["file"]))
    assert (card["role"], card["source"]) == ("generator", "dao_g.ckpt")
    rows = {row["name"]: row for row in dao("models", "list", "--json").result["models"]}
    assert rows["dao_g"]["hash"] == answer.result["hash"]
    assert {"dao-g", "dao-p"} <= rows.keys()

    monkeypatch.setattr("dao_core.generator.samplers.PUBLISHED_STEPS", 4)
    monkeypatch.setattr("dao_core.generator.samplers.DiffusionSampler.default_steps", 4)
    made = dao("generate", "MgO", "-n", "2", "--model", "dao_g", "--out", "made", "--json")
    assert made.code == 0
    assert len(made.result["structures"]) == 2


def test_a_predictor_needs_its_scaler_and_then_guides(
    dao: Dao, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = dao("models", "import", str(released), "--role", "predictor")
    assert refused.code == 2
    assert "prop_scaler.pt" in refused.err
    assert dao("models", "import", str(released)).code == 0
    predictor = released.rename(released.with_name("dao_p.ckpt"))
    scaler = ("--energy-mean", "0.1", "--energy-std", "0.2")
    assert dao("models", "import", str(predictor), "--role", "predictor", *scaler).code == 0

    monkeypatch.setattr("dao_core.generator.samplers.PUBLISHED_STEPS", 3)
    monkeypatch.setattr("dao_core.generator.samplers.DiffusionSampler.default_steps", 3)
    call = ("generate", "MgO", "-n", "1", "--out", "made", "--guidance")
    assert dao(*call, "dao_p", "--model", "dao_g").code == 0
    assert "never trained" in dao(*call, "dao_g", "--model", "dao_g").err
    assert "cannot guide flow" in dao(*call, "dao_p").err
    assert dao(*call, "dao-p").code == 2, "a physical DAO-P does not guide"


def test_what_cannot_be_imported_is_named(dao: Dao, released: Path, tmp_path: Path) -> None:
    assert dao("models", "import", str(tmp_path / "absent.ckpt")).code == 3
    text = tmp_path / "text.ckpt"
    text.write_text("no archive")
    assert dao("models", "import", str(text)).code == 2
    state = torch.load(released, weights_only=True)["state_dict"]
    del state["decoder.coord_out.weight"]
    torch.save({"state_dict": state}, released)
    answer = dao("models", "import", str(released))
    assert answer.code == 2
    assert "decoder.coord_out.weight" in answer.err
    shadow = released.rename(released.with_name("dao-g.ckpt"))
    assert "shipped" in dao("models", "import", str(shadow)).err
    assert [row["name"] for row in dao("models", "list", "--json").result["models"]] == [
        "dao-g",
        "dao-p",
    ]
    assert dao("generate", "MgO", "--model", "absent", "--out", "made").code == 3


def test_another_model_of_the_same_name_is_not_replaced(dao: Dao, released: Path) -> None:
    first = dao("models", "import", str(released), "--json").result["hash"]
    assert dao("models", "import", str(released), "--json").result["hash"] == first
    content = torch.load(released, weights_only=True)
    content["state_dict"]["decoder.coord_out.weight"] += 1.0
    torch.save(content, released)
    refused = dao("models", "import", str(released))
    assert refused.code == 2
    assert "another model called dao_g" in refused.err
    rows = {row["name"]: row for row in dao("models", "list", "--json").result["models"]}
    assert rows["dao_g"]["hash"] == first
