"""A generator can be given the memory of other crystals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dao_core.crysformer.config import named_config
from dao_core.errors import InputError
from dao_core.generator.model_file import load_flow_model, save_flow_model
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.prototype_memory import MemorySettings, remembered, renew_memory
from dao_core.training.records import read_crystals


@pytest.fixture
def forgetful(tmp_path: Path) -> Path:
    path = tmp_path / "old" / "g.safetensors"
    card = {"config": "tiny", "max_atoms": 12}
    save_flow_model(path, VelocityNetwork(named_config("tiny")), None, card)
    return path


def test_the_network_stays_and_the_memory_is_new(
    forgetful: Path, record_file: Path, tmp_path: Path
) -> None:
    settings = MemorySettings(max_atoms=20, metric_steps=2)
    before, after = (
        load_flow_model(path)
        for path in (forgetful, renew_memory(forgetful, [record_file], tmp_path / "new", settings))
    )
    for name, tensor in before.network.state_dict().items():
        torch.testing.assert_close(after.network.state_dict()[name], tensor)
    assert before.prior is None
    assert after.prior is not None
    crystals = read_crystals([record_file], 20).crystals
    assert after.card["memory"]["crystals"] == len(crystals)
    assert 0 < after.prior.library.crystals_seen <= len(crystals)
    assert after.card["config"] == "tiny"


def test_a_model_is_never_overwritten_and_nothing_is_no_memory(
    forgetful: Path, record_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="would be overwritten"):
        renew_memory(forgetful, [record_file], forgetful.parent, MemorySettings())
    with pytest.raises(InputError, match="no usable crystal"):
        renew_memory(forgetful, [record_file], tmp_path / "new", MemorySettings(max_atoms=1))


def test_the_stable_ones_are_remembered_first(record_file: Path) -> None:
    """They give the geometry of what is alike."""
    crystals = read_crystals([record_file], 20).crystals
    for height, crystal in enumerate(crystals):
        crystal.labels["e_above_hull"] = float(-height)
    library = remembered(crystals, 1, 0).library
    first = next(iter(library.groups.values()))
    assert first.elements[0].tolist() == sorted(set(crystals[-1].atomic_numbers.tolist()))
