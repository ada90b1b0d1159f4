"""Released checkpoints come in exactly, or not at all; nothing in them runs."""

from __future__ import annotations

import argparse
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dao_core.checkpoints.format import load_checkpoint
from dao_core.checkpoints.importer import import_released
from dao_core.crysformer.published.model_file import load_published
from dao_core.errors import CheckpointError, InputError, MissingError

State = dict[str, Tensor]
Save = Callable[[object], Path]


def assert_relative(actual: Tensor, expected: Tensor, tolerance: float = 1e-4) -> None:
    assert ((actual - expected).abs().max() / expected.abs().max()).item() < tolerance


def test_imported_network_equals_an_independent_per_edge_pass(
    state: State, save: Save, tmp_path: Path, per_edge_forward: Callable[..., Any]
) -> None:
    path = import_released(
        save({"state_dict": state, "epoch": 3}),
        tmp_path / "models",
        role="predictor",
        energy_mean=0.5,
        energy_std=2.0,
        heads=3,
    )
    model = load_published(path)
    random = torch.Generator().manual_seed(4)
    numbers = torch.tensor([12, 8, 8, 26, 1])
    frac_coords = torch.rand(5, 3, generator=random).requires_grad_()
    lattice = (3 * torch.eye(3) + torch.randn(3, 3, generator=random)).requires_grad_()
    score, noise, energy = per_edge_forward(state, numbers, frac_coords, lattice, 321.0)
    expected = torch.autograd.grad(energy, [frac_coords, lattice])
    output = model.network(
        numbers[None],
        frac_coords[None],
        lattice[None],
        torch.ones(1, 5, dtype=torch.bool),
        torch.tensor([321]),
    )
    actual = torch.autograd.grad(output.energy.sum(), [frac_coords, lattice])
    assert_relative(output.coordinates[0], score)
    assert_relative(output.lattice[0], noise)
    assert_relative(output.energy[0], energy)
    for mine, theirs in zip(actual, expected, strict=True):
        assert_relative(mine, theirs)
    torch.testing.assert_close(model.energy_per_atom(output.energy), 2 * output.energy + 0.5)
    assert model.network.energy_trained
    assert model.card["source"] == "released.ckpt"
    assert model.card["not_converted"] == ["node_embedding.weight"]


def test_lightning_objects_beside_the_weights_are_left_out(
    state: State, save: Save, tmp_path: Path
) -> None:
    norm = torch.linspace(1, 2, 1001)
    content = {
        "state_dict": {**state, "sigma_scheduler.sigmas_norm": norm},
        "hyper_parameters": argparse.Namespace(width=24, data=Path("data")),
        "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0)}}}],
    }
    model = load_published(import_released(save(content), tmp_path / "models", heads=3))
    assert model.score_norm is not None
    torch.testing.assert_close(model.score_norm, norm)
    assert not model.network.energy_trained
    with pytest.raises(CheckpointError, match="never trained"):
        model.energy_per_atom(torch.zeros(1))


class Malicious:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


class Evaluated(Malicious):
    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.command,)


@pytest.mark.parametrize("kind", ["os.system", "eval"])
def test_code_in_the_pickle_is_refused_by_name_and_never_runs(
    state: State, save: Save, tmp_path: Path, kind: str
) -> None:
    witness = tmp_path / "ran"
    attack = (
        Malicious(f"touch {witness}")
        if kind == "os.system"
        else Evaluated(f"open({str(witness)!r}, 'w')")
    )
    path = save({"state_dict": state, "hyper_parameters": attack})
    with pytest.raises(CheckpointError, match=r"system|eval"):
        import_released(path, tmp_path / "models", heads=3)
    assert not witness.exists()
    assert not (tmp_path / "models").exists()


def test_missing_unknown_and_misshapen_tensors_are_named(
    state: State, save: Save, tmp_path: Path
) -> None:
    del state["decoder.block_1.ffn.norm.bias"]
    state["decoder.block_0.surprise"] = torch.ones(2)
    state["decoder.type_out.0.bias"] = torch.ones(7)
    with pytest.raises(CheckpointError) as caught:
        import_released(save({"state_dict": state}), tmp_path, heads=3)
    message = str(caught.value)
    assert "missing ['block_1.ffn.norm.bias']" in message
    assert "unknown ['block_0.surprise']" in message
    assert "type_out.0.bias (7,), not (24,)" in message


def test_a_network_of_another_kind_is_refused(save: Save, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"coord_out\.weight is missing"):
        import_released(save({"state_dict": {"layer.weight": torch.ones(2, 2)}}), tmp_path)
    with pytest.raises(CheckpointError, match="no state_dict"):
        import_released(save([1, 2]), tmp_path)
    with pytest.raises(CheckpointError, match="no tensors"):
        import_released(save({"state_dict": {"decoder.coord_out.weight": 3}}), tmp_path)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_weights_that_are_not_finite_are_named(
    state: State, save: Save, tmp_path: Path, bad: float
) -> None:
    state["decoder.coord_out.weight"][1, 2] = bad
    with pytest.raises(CheckpointError, match=r"finite.*coord_out\.weight"):
        import_released(save({"state_dict": state}), tmp_path, heads=3)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(
    state: State, save: Save, tmp_path: Path, share: float
) -> None:
    path = save({"state_dict": state})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="download it again"):
        import_released(path, tmp_path, heads=3)


def test_a_storage_of_the_wrong_size_is_refused(state: State, save: Save, tmp_path: Path) -> None:
    path, shorter = save({"state_dict": state}), tmp_path / "shorter.ckpt"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(shorter, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[:-4] if name.endswith("data/0") else content)
    with pytest.raises(CheckpointError, match="storage 0"):
        import_released(shorter, tmp_path, heads=3)


def test_scalers_are_numbers_and_belong_to_predictors(
    state: State, save: Save, tmp_path: Path
) -> None:
    path = save({"state_dict": state})
    with pytest.raises(InputError, match=r"prop_scaler\.pt"):
        import_released(path, tmp_path, role="predictor", heads=3)
    with pytest.raises(InputError, match="generator has no"):
        import_released(path, tmp_path, energy_mean=1.0, heads=3)
    with pytest.raises(InputError, match="std > 0"):
        import_released(path, tmp_path, role="predictor", energy_mean=1.0, energy_std=0.0, heads=3)
    with pytest.raises(MissingError, match="no file"):
        import_released(tmp_path / "absent.ckpt", tmp_path)


def test_the_model_file_is_an_ordinary_one(state: State, save: Save, tmp_path: Path) -> None:
    path = import_released(save(state), tmp_path / "models", heads=3)
    tensors, card = load_checkpoint(path, "dao-published")
    assert path.name == "released.safetensors"
    assert card["config"]["frequencies"] == 4
    assert all(name.startswith("network.") for name in tensors)
