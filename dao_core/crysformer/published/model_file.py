"""Model files of the published network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from dao_core.checkpoints.format import (
    Card,
    checkpoint_hash,
    load_checkpoint,
    load_weights,
    reading_card,
)
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.errors import CheckpointError

KIND = "dao-published"
NETWORK_PREFIX = "network."
SCORE_NORM = "schedule.score_norm"


@dataclass(frozen=True)
class PublishedModel:
    """An imported checkpoint.

    Attributes:
        network: in evaluation mode; its energies are standardised.
        card: how the file was made; ``role`` is ``generator`` or ``predictor``.
        checkpoint_hash: names the weights.
        score_norm: lambda_t of the training's noise schedule, ``[T + 1]``, where the checkpoint
            held it.
    """

    network: PublishedCrysformer
    card: Card
    checkpoint_hash: str
    score_norm: Tensor | None

    def energy_per_atom(self, standardised: Tensor) -> Tensor:
        """Standardised energies as energies above hull, eV/atom.

        Raises:
            CheckpointError: this is a generator, whose energy head was never trained.
        """
        if self.card["role"] != "predictor":
            raise CheckpointError(
                f"{self.card['source']} was imported as a generator: its energy head was never "
                "trained; import it with role predictor if it was"
            )
        return standardised * self.card["energy_std"] + self.card["energy_mean"]


def _check_roles(card: Card) -> None:
    """Make sure that a card says what the model is for, and a predictor's how it scales."""
    if card["role"] == "predictor":
        float(card["energy_std"]), float(card["energy_mean"])


def _refuse_oversized(path: Path, config: PublishedConfig, tensors: Mapping[str, Tensor]) -> None:
    """Refuse a network that is larger than its own weights, before it is made."""
    largest = max((size for tensor in tensors.values() for size in tensor.shape), default=0)
    for name, value in asdict(config).items():
        if value > max(largest, len(tensors)):
            raise CheckpointError(f"{path}: its card says {name} {value}, which it does not hold")


def load_published(path: Path, device: torch.device | str = "cpu") -> PublishedModel:
    """Load a model file that ``import_released`` wrote.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    tensors, card = load_checkpoint(path, KIND)
    score_norm = tensors.pop(SCORE_NORM, None)
    with reading_card(path):
        _check_roles(card)
        config = PublishedConfig(**card["config"])
        _refuse_oversized(path, config, tensors)
        network = PublishedCrysformer(config)
    weights = {name.removeprefix(NETWORK_PREFIX): tensor for name, tensor in tensors.items()}
    load_weights(network, weights, path)
    network.energy_trained = card["role"] == "predictor"
    network = network.requires_grad_(requires_grad=False).eval().to(device)
    return PublishedModel(network, card, checkpoint_hash(path), score_norm)
