"""Property fine-tuning: any scalar per structure from the backbone of the physical DAO-P."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from dao_core.checkpoints.format import (
    Card,
    load_checkpoint,
    load_weights,
    reading_card,
    save_checkpoint,
)
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import CheckpointError
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel
from dao_core.predictor.neighbours import half_neighbours

KIND = "dao-p-property"


class PropertyModel(nn.Module):
    """Backbone of an energy model, mean and variance over the atoms, a small head for one scalar.

    ``mean`` and ``std`` are those of the training labels, so outputs are in the label's own unit.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: EnergyModel) -> None:
        super().__init__()
        width = backbone.config.width
        self.backbone = backbone
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 1))
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def forward(self, batch: CrystalBatch) -> Tensor:
        """The property of each crystal, ``[B]``, in the label's unit."""
        edges = half_neighbours(batch, self.backbone.config.cutoff)
        features = self.backbone.atom_features(batch, edges, edges.vectors)
        natoms = batch.natoms.to(features.dtype)[:, None]
        mean = features.sum(dim=1) / natoms
        spread = (features.square().sum(dim=1) / natoms - mean.square()).clamp_min(0)
        pooled = torch.cat([mean, spread], dim=-1)
        return self.mean + self.std * self.head(pooled).squeeze(-1)


class PropertyEnsemble(nn.Module):
    """Property models of one size that were fitted to different parts of the labels.

    Attributes:
        card: what the model file says: label, unit conversions, data, figures.
    """

    def __init__(self, members: Sequence[PropertyModel], card: Card) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.card = card

    def forward(self, batch: CrystalBatch) -> Tensor:
        """What each member says of each crystal, ``[B, M]``, in the label's unit."""
        return torch.stack([member(batch) for member in self.members], dim=1)


def load_property_model(path: Path, device: torch.device | str = "cpu") -> PropertyEnsemble:
    """Load an ensemble that ``save_property_model`` wrote.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    tensors, card = load_checkpoint(path, KIND)
    with reading_card(path):
        config, count = named_config(card["config"]), int(card["members"])
    if not 0 < count <= len(tensors):
        raise CheckpointError(f"{path}: its card says {count} members, which it does not hold")
    model = PropertyEnsemble([PropertyModel(EnergyModel(config)) for _ in range(count)], card)
    load_weights(model, tensors, path)
    return model.requires_grad_(requires_grad=False).eval().to(device)


def save_property_model(path: Path, members: Sequence[PropertyModel], size: str, card: Card) -> str:
    """Write fine-tuned models as one ensemble; returns the short hash of the file.

    Args:
        path: the model file.
        members: fine-tuned models of one label.
        size: named configuration of their backbone.
        card: what else to say of them: label, data, figures.
    """
    ensemble = PropertyEnsemble(members, card)
    whole = {**card, "kind": KIND, "config": size, "members": len(members)}
    return save_checkpoint(path, ensemble.state_dict(), whole)
