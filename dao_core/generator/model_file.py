"""The model file of DAO-G by flow matching: the network, and the prototypes that it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dao_core.checkpoints.format import (
    Card,
    checkpoint_hash,
    load_checkpoint,
    load_weights,
    reading_card,
    save_checkpoint,
)
from dao_core.crysformer.config import named_config
from dao_core.errors import CheckpointError
from dao_core.generator.prototypes.prior import PrototypePrior
from dao_core.generator.velocity import VelocityNetwork

KIND = "dao-g-flow"
PROTOTYPES = "prototypes."


@dataclass(frozen=True)
class FlowModel:
    """What a model file holds.

    Attributes:
        network: the velocities.
        prior: prototypes of the training set; None in files without any.
        card: how the model was made.
        checkpoint_hash: of the file.
    """

    network: VelocityNetwork
    prior: PrototypePrior | None
    card: Card
    checkpoint_hash: str


def load_flow_model(path: Path) -> FlowModel:
    """Read a model file of flow matching.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or its parts do not fit.
    """
    tensors, card = load_checkpoint(path, KIND)
    remembered = {name: t for name, t in tensors.items() if name.startswith(PROTOTYPES)}
    with reading_card(path):
        network = VelocityNetwork(named_config(card["config"]))
        int(card["max_atoms"])
    load_weights(network, {k: t for k, t in tensors.items() if k not in remembered}, path)
    prior = None
    if remembered:
        try:
            prior = PrototypePrior.from_tensors(
                {name.removeprefix(PROTOTYPES): t for name, t in remembered.items()}
            )
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(f"{path}: its prototypes cannot be read: {error}") from error
    return FlowModel(network, prior, card, checkpoint_hash(path))


def save_flow_model(
    path: Path, network: VelocityNetwork, prior: PrototypePrior | None, card: Card
) -> str:
    """Write a model file atomically and return its hash.

    Weights are kept in half precision, whose rounding is far below the noise of averaging.

    Raises:
        CheckpointError: a tensor holds a number that is not finite.
    """
    tensors = {**network.state_dict(), **{n: p.half() for n, p in network.named_parameters()}}
    if prior is not None:
        tensors |= {PROTOTYPES + name: tensor for name, tensor in prior.tensors().items()}
    return save_checkpoint(path, tensors, {**card, "kind": KIND})
