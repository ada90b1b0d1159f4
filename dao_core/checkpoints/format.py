"""Our model file: one safetensors file whose header carries the card. Nothing is ever unpickled.

The card is a JSON object; ``kind`` names the model class that reads it, ``config`` its size, and
the rest says how it was made (data, hours, figures).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from dao_core.drafts import draft_of
from dao_core.errors import CheckpointError, MissingError
from dao_core.hashing import file_hash
from dao_core.local_paths import local_path

HASH_LENGTH = 8
Card = dict[str, Any]


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], card: Card) -> str:
    """Write ``tensors`` and ``card`` to ``path`` atomically and return the file's short hash.

    Raises:
        CheckpointError: a tensor holds a number that is not finite.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path}: tensor {name} is not finite; it is not saved")
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(contiguous, metadata={"card": json.dumps(card, sort_keys=True)})
    with draft_of(path) as draft:  # safetensors itself leaves a file to its owner alone
        draft.write_bytes(content)
    return checkpoint_hash(path)


def load_checkpoint(path: Path, kind: str) -> tuple[dict[str, Tensor], Card]:
    """Read tensors (CPU, float32 where floating) and card.

    Args:
        path: a file that :func:`save_checkpoint` wrote.
        kind: the ``kind`` that the card must name.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, has no card, is of another kind, or is not finite.
    """
    path = local_path(path)
    if not path.is_file():
        raise MissingError(f"there is no model file {path}; `dao models list` shows those here")
    card = read_card(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not a readable model file: {error}") from error
    if card.get("kind") != kind:
        raise CheckpointError(f"{path} holds a {card.get('kind')!r} model, not a {kind!r} model")
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            if not torch.isfinite(tensor).all():
                raise CheckpointError(f"{path}: tensor {name} is not finite; get the file again")
            tensors[name] = tensor.float()
    return tensors, card


def load_weights(module: torch.nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy ``tensors`` into ``module``; every name and shape must agree.

    Raises:
        CheckpointError: names the missing, unknown or misshapen tensors.
    """
    own = module.state_dict()
    missing, unknown = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    misshapen = sorted(
        name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape
    )
    if missing or unknown or misshapen:
        raise CheckpointError(
            f"{path} does not fit the network its card names: missing {missing}, "
            f"unknown {unknown}, of another shape {misshapen}"
        )
    module.load_state_dict(dict(tensors))


def checkpoint_hash(path: Path) -> str:
    """The first eight hex digits of the file's SHA-256: how energies and candidates name it."""
    return file_hash(path, HASH_LENGTH)


def read_card(path: Path) -> Card:
    """The card of a model file, without reading its tensors.

    Raises:
        CheckpointError: the file is corrupt or has no card.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card: Any = json.loads((file.metadata() or {})["card"])
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable model file: {error}") from error
    except KeyError:
        raise CheckpointError(f"{path} has no card; was it written by dao?") from None
    if not isinstance(card, dict) or not isinstance(card.get("kind"), str):
        raise CheckpointError(f"{path}: its card is no object that names a kind of model")
    return card


@contextmanager
def reading_card(path: Path) -> Iterator[None]:
    """What a card lacks, or says in the wrong way, told as a fault of the model file.

    Raises:
        CheckpointError: names the entry.
    """
    try:
        yield
    except CheckpointError:
        raise
    except KeyError as error:
        raise CheckpointError(f"{path}: its card does not say {error}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path}: its card is wrong: {error}") from error
