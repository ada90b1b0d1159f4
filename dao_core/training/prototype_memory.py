"""The memory of DAO-G: the prototypes of record files and the metric that chooses among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dao_core.errors import InputError
from dao_core.generator.model_file import load_flow_model, save_flow_model
from dao_core.generator.prototypes.prior import PrototypePrior
from dao_core.training.prototype_library import build_library
from dao_core.training.prototype_metric import train_metric
from dao_core.training.records import Crystal, RecordReading, manifest_hash, read_crystals

HEIGHTS = ("e_above_hull", "e_above_hull_mp2018", "e_above_hull_mp2018_est")
"""Labels that say how far above the hull a crystal lies, eV/atom, the best first."""


@dataclass(frozen=True)
class MemorySettings:
    """How a memory is made.

    Attributes:
        max_atoms: larger crystals are left out.
        metric_steps: optimiser steps of the metric between compositions.
        seed: of the metric.
    """

    max_atoms: int = 52
    metric_steps: int = 8000
    seed: int = 0


def remembered(crystals: Sequence[Crystal], metric_steps: int, seed: int) -> PrototypePrior:
    """The prototypes of some crystals, and which composition takes which.

    Args:
        crystals: in any order; the stable ones are remembered first.
        metric_steps: optimiser steps of the metric.
        seed: of the metric.
    """
    library = build_library(sorted(crystals, key=_height))
    return PrototypePrior(library, train_metric(library, metric_steps, seed))


def renew_memory(
    start: Path, files: Sequence[Path], folder: Path, settings: MemorySettings
) -> Path:
    """Write a generator with the network of another and a memory of other crystals.

    Args:
        start: model file of flow matching.
        files: record files.
        folder: receives the model under the name of ``start``.
        settings: see :class:`MemorySettings`.

    Returns:
        The path of the model file.

    Raises:
        InputError: no crystal can be used, or the folder is that of ``start``.
        MissingError: a file is missing.
        CheckpointError: ``start`` is no generator of flow matching.
    """
    target = folder / start.name
    if target.resolve() == start.resolve():
        raise InputError(f"{target} would be overwritten; name another folder (--out)")
    model = load_flow_model(start)
    reading = read_crystals(files, settings.max_atoms)
    if not reading.crystals:
        raise InputError(f"no usable crystal; left out: {dict(reading.rejected)}")
    prior = remembered(reading.crystals, settings.metric_steps, settings.seed)
    card = {**model.card, **_described(reading, files, settings)}
    save_flow_model(target, model.network, prior, card)
    return target


def _described(
    reading: RecordReading, files: Sequence[Path], settings: MemorySettings
) -> dict[str, object]:
    """What the card says of the memory."""
    return {
        "memory": {
            "crystals": len(reading.crystals),
            "rejected": dict(reading.rejected),
            "files": [path.name for path in files],
            "manifest_hash": manifest_hash(reading.crystals),
            "max_atoms": settings.max_atoms,
            "metric_steps": settings.metric_steps,
            "seed": settings.seed,
        }
    }


def _height(crystal: Crystal) -> float:
    """Energy above the hull as labelled, eV/atom; crystals without such a label come last."""
    known = (crystal.labels.get(name) for name in HEIGHTS)
    return float(next((height for height in known if height is not None), math.inf))
