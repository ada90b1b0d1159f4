"""Released DAO checkpoints into model files of this project."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from dao_core.checkpoints.format import Card, read_card, save_checkpoint
from dao_core.checkpoints.torch_archive import read_torch_archive
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.model_file import KIND, NETWORK_PREFIX, SCORE_NORM
from dao_core.crysformer.published.released_layout import UNUSED, from_released, released_shapes
from dao_core.errors import CheckpointError, InputError
from dao_core.hashing import file_hash

PREFIX = "decoder."
_SCORE_NORM = "sigma_scheduler.sigmas_norm"
_SCHEDULE_KEYS = frozenset(
    {f"beta_scheduler.{name}" for name in ("betas", "alphas", "alphas_cumprod", "sigmas")}
    | {"sigma_scheduler.sigmas", _SCORE_NORM}
)
"""Tables beside the network; only the Monte Carlo estimate among them cannot be recomputed."""

DECIDING = ("source_sha256", "role", "config", "energy_mean", "energy_std")
"""What of a card says that a model is the same; it may be imported again."""
Role = Literal["generator", "predictor"]


def import_released(
    path: Path,
    target_folder: Path,
    *,
    role: Role = "generator",
    energy_mean: float | None = None,
    energy_std: float | None = None,
    heads: int = 8,
) -> Path:
    """Convert a released checkpoint; nothing in it is executed.

    Args:
        path: a ``.ckpt`` or ``.pt`` file of ``torch.save``.
        target_folder: where the model file goes, under the name of ``path``.
        role: ``predictor`` where the energy head was trained. A generator's was not, and will
            not guide.
        energy_mean: mean of the energies that the predictor was trained on, eV/atom, from
            ``prop_scaler.pt`` (a pickle, hence given as a number); a predictor needs it.
        energy_std: their standard deviation, eV/atom.
        heads: attention heads, the one size that no tensor's shape tells.

    Returns:
        The model file: safetensors with a card.

    Raises:
        MissingError: there is no file at ``path``.
        CheckpointError: the file is damaged, asks for code, or its tensors are missing, unknown,
            of wrong shape or not finite (named).
        InputError: scalers missing, given for a generator, or not numbers; or another model has
            the name.
    """
    _check_scalers(role, energy_mean, energy_std)
    state = _state_dict(path)
    _check_finite(path, state)
    score_norm = state.get(_SCORE_NORM)
    released = {
        name.removeprefix(PREFIX): tensor
        for name, tensor in state.items()
        if name not in _SCHEDULE_KEYS
    }
    config = _config(path, released, heads)
    _check_layout(path, released, released_shapes(config))
    tensors = {
        f"{NETWORK_PREFIX}{name}": tensor.float()
        for name, tensor in from_released(released, config).items()
    }
    if score_norm is not None:
        tensors[SCORE_NORM] = score_norm.float()
    card: Card = {
        "kind": KIND,
        "config": asdict(config),
        "role": role,
        "energy_mean": energy_mean,
        "energy_std": energy_std,
        "source": path.name,
        "source_sha256": file_hash(path),
        "not_converted": sorted(set(UNUSED) & released.keys()),
    }
    target = target_folder / f"{path.stem}.safetensors"
    _check_not_another(target, card)
    save_checkpoint(target, tensors, card)
    return target


def _check_not_another(target: Path, card: Card) -> None:
    """Refuse to replace a model that was made of something else.

    Raises:
        InputError: there is one of that name.
    """
    if not target.is_file():
        return
    try:
        known = read_card(target)
    except CheckpointError:
        return  # what cannot be read is no model, and is mended so
    if any(known.get(name) != card[name] for name in DECIDING):
        raise InputError(
            f"there is another model called {target.stem}; rename the file to be imported, or "
            f"remove {target}"
        )


def _check_scalers(role: Role, mean: float | None, std: float | None) -> None:
    given = [value for value in (mean, std) if value is not None]
    if role == "generator" and given:
        raise InputError("a generator has no energy scaler; leave the two numbers out")
    if role == "predictor" and len(given) < 2:
        raise InputError(
            "a predictor's energies are standardised: give their mean and standard deviation in "
            "eV/atom (they stand in prop_scaler.pt beside the checkpoint)"
        )
    if not all(math.isfinite(value) for value in given) or (std is not None and std <= 0):
        raise InputError(f"energy mean {mean} and standard deviation {std} must be finite, std > 0")


def _state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors by name, under ``state_dict`` or on the top level."""
    content: Any = read_torch_archive(path)
    state = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise CheckpointError(f"{path} has no state_dict; is it a checkpoint of DAO?")
    strange = sorted(
        str(name)
        for name, value in state.items()
        if not (isinstance(name, str) and isinstance(value, Tensor))
    )
    if strange:
        raise CheckpointError(f"{path}: these entries of its state_dict are no tensors: {strange}")
    return dict(state)


def _config(path: Path, released: Mapping[str, Tensor], heads: int) -> PublishedConfig:
    """The size of the network, from the shapes that tell it."""
    told_by = (
        "coord_out.weight",
        "atom_latent_emb.weight",
        "block_0.attention.fn.edges_to_kv.weight",
    )
    missing = [name for name in told_by if name not in released or released[name].dim() != 2]
    if missing:
        raise CheckpointError(
            f"{path} is no Crysformer checkpoint: {PREFIX}{missing[0]} is missing or no matrix; "
            f"it begins with {sorted(released)[:3]}"
        )
    width, latent, edge = (released[name].shape[1] for name in told_by)
    numbers = (re.match(r"block_(\d{1,4})\.", name) for name in released)
    blocks = {int(found[1]) for found in numbers if found}
    if blocks != set(range(len(blocks))):
        raise CheckpointError(f"{path}: its blocks are not numbered from 0 to their count")
    return PublishedConfig(
        width=width,
        layers=len(blocks),
        heads=heads,
        frequencies=(edge - 9) // 6,
        time_features=latent - width,
    )


def _check_layout(
    path: Path, tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    missing = sorted(shapes.keys() - tensors.keys())
    unknown = sorted(tensors.keys() - shapes.keys())
    misshapen = [
        f"{name} {tuple(tensors[name].shape)}, not {shape}"
        for name, shape in sorted(shapes.items())
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    if missing or unknown or misshapen:
        raise CheckpointError(
            f"{path} does not have the layout of a released checkpoint: "
            f"missing {missing}, unknown {unknown}, wrong shape {misshapen}"
        )


def _check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    wrong = sorted(
        name
        for name, tensor in tensors.items()
        if not (tensor.is_floating_point() and torch.isfinite(tensor).all())
    )
    if wrong:
        raise CheckpointError(f"{path}: these tensors are not finite real numbers: {wrong}")
