from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from dao_core.checkpoints.format import (
    checkpoint_hash,
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from dao_core.errors import CheckpointError, MissingError

CARD = {"kind": "toy", "hours": 2}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "toy.safetensors"
    save_checkpoint(path, {"weight": torch.ones(2, 3), "count": torch.tensor([4])}, CARD)
    return path


def test_round_trip_with_card_and_stable_hash(saved: Path) -> None:
    tensors, card = load_checkpoint(saved, "toy")
    assert card == CARD
    torch.testing.assert_close(tensors["weight"], torch.ones(2, 3))
    assert checkpoint_hash(saved) == save_checkpoint(saved, tensors, card)


def test_half_precision_is_widened_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_checkpoint(path, {"weight": torch.ones(2, dtype=torch.bfloat16)}, CARD)
    assert load_checkpoint(path, "toy")[0]["weight"].dtype == torch.float32


@pytest.mark.parametrize("damage", ["truncate", "pickle", "empty"])
def test_damaged_files_are_named_and_never_unpickled(saved: Path, damage: str) -> None:
    content = saved.read_bytes()
    replacement = {"truncate": content[: len(content) // 2], "empty": b""}
    saved.write_bytes(replacement.get(damage, pickle.dumps(print)))
    with pytest.raises(CheckpointError, match=r"toy\.safetensors"):
        load_checkpoint(saved, "toy")


def test_missing_and_wrong_kind(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="models list"):
        load_checkpoint(tmp_path / "none.safetensors", "toy")
    with pytest.raises(CheckpointError, match="not a 'dao-p' model"):
        load_checkpoint(saved, "dao-p")


def test_nan_is_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not finite"):
        save_checkpoint(tmp_path / "a.safetensors", {"w": torch.tensor([float("nan")])}, CARD)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_are_named(saved: Path) -> None:
    with pytest.raises(CheckpointError, match=r"missing \['bias'\].*shape \['weight'\]"):
        load_weights(torch.nn.Linear(2, 2), {"weight": torch.ones(3, 3)}, saved)
