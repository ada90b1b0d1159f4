"""Shards of teacher labels: flat arrays in compressed npz files, written once and never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.drafts import draft_of
from dao_core.errors import InputError

SHARD_PATTERN = "labels-*.npz"


@dataclass(frozen=True)
class LabelledStructure:
    """One crystal with a teacher's energy, forces and stress.

    Attributes:
        structure: the crystal.
        energy: eV per cell.
        forces: ``[N, 3]`` eV/angstrom.
        stress: ``[3, 3]`` eV/angstrom^3, ASE sign.
        level: the teacher's energy level, for example ``chgnet-0.3.0``.
        source: where the parent crystal comes from.
        done: what was done to the parent.
    """

    structure: Structure
    energy: float
    forces: np.ndarray
    stress: np.ndarray
    level: str
    source: str
    done: str


def write_shard(path: Path, labels: Sequence[LabelledStructure], dropped: dict[str, int]) -> None:
    """Write ``labels`` to ``path`` atomically; ``dropped`` counts those left out, by reason."""
    structures = [label.structure for label in labels]
    arrays: dict[str, Any] = {
        "natoms": np.array([len(s) for s in structures], dtype=np.int32),
        "atomic_numbers": np.concatenate([s.atomic_numbers for s in structures]).astype(np.uint8),
        "frac_coords": np.concatenate([s.frac_coords for s in structures]).astype(np.float32),
        "lattice": np.stack([s.lattice.matrix for s in structures]).astype(np.float32),
        "energy": np.array([label.energy for label in labels], dtype=np.float64),
        "forces": np.concatenate([label.forces for label in labels]).astype(np.float32),
        "stress": np.stack([label.stress for label in labels]).astype(np.float32),
        "level": np.array([label.level for label in labels]),
        "source": np.array([label.source for label in labels]),
        "done": np.array([label.done for label in labels]),
        "dropped": np.array(json.dumps(dropped)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(path) as draft, draft.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_shards(folder: Path) -> dict[str, np.ndarray]:
    """All shards of ``folder`` joined, the arrays named as in :func:`write_shard`.

    Raises:
        InputError: the folder holds no shard.
    """
    paths = sorted(folder.glob(SHARD_PATTERN))
    if not paths:
        raise InputError(f"{folder} holds no teacher labels ({SHARD_PATTERN}); label some first")
    shards = []
    for path in paths:
        with np.load(path, allow_pickle=False) as shard:
            shards.append({name: shard[name] for name in shard.files if name != "dropped"})
    return {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}


def dropped_counts(folder: Path) -> dict[str, int]:
    """How many structures the shards of ``folder`` left out, by reason."""
    total: dict[str, int] = {}
    for path in sorted(folder.glob(SHARD_PATTERN)):
        with np.load(path, allow_pickle=False) as shard:
            for reason, count in json.loads(str(shard["dropped"])).items():
                total[reason] = total.get(reason, 0) + count
    return total
