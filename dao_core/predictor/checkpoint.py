"""Model files of the physical DAO-P: which there are, and how one becomes a model."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch

from dao_core.checkpoints.format import (
    Card,
    checkpoint_hash,
    load_checkpoint,
    load_weights,
    reading_card,
)
from dao_core.errors import MissingError
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel

KIND = "dao-p-physical"
"""What the card of such a model file calls it."""
SHIPPED = "dao-p"


@dataclass(frozen=True)
class LoadedPredictor:
    """A model with its card and the short hash of its file."""

    model: EnergyModel
    card: Card
    checkpoint_hash: str


def load_energy_model(
    name_or_path: str | Path = SHIPPED, device: torch.device | str = "cpu"
) -> LoadedPredictor:
    """Load the shipped model by name, or any model file by path.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    path = predictor_path(name_or_path)
    tensors, card = load_checkpoint(path, KIND)
    with reading_card(path):
        model = EnergyModel(named_config(card["config"]))
    load_weights(model, tensors, path)
    model.requires_grad_(requires_grad=False).eval()
    return LoadedPredictor(model.to(device), card, checkpoint_hash(path))


def predictor_path(name_or_path: str | Path) -> Path:
    """The file of the shipped model if called by its name, else the path itself.

    Raises:
        MissingError: this installation ships no such model.
    """
    if str(name_or_path) != SHIPPED:
        return Path(name_or_path)
    shipped = Path(str(files("dao_core") / "pretrained" / f"{SHIPPED}.safetensors"))
    if not shipped.is_file():
        raise MissingError(
            f"the shipped model {SHIPPED} is not installed; reinstall dao-crystals, "
            "or name a model file that `dao train predictor` wrote"
        )
    return shipped
