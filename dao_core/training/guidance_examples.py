"""What a guidance energy learns from: crystals with an energy that says how good each is.

Record files give the energy above the hull, as published. Teacher labels give the energy above the
unchanged parent, which also tells good cells and positions from bad ones; a parent whose record is
given too adds its own energy above the hull.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.training.predictor_labels import LabelSet
from dao_core.training.records import Crystal, manifest_hash, read_crystals
from dao_core.training.relaxed_records import HULL
from dao_core.training.size_batches import collate

HIGHEST = 1.0
"""eV/atom; what lies higher is equally bad."""
COMPARABLE = ("as is", "perturbed", "rescaled", "redecorated", "scrambled")
"""Changes that keep the composition, so that energies above the parent mean something."""


@dataclass(frozen=True)
class GuidanceSources:
    """Where the energies are; at least one of the two.

    Attributes:
        labels: folder of teacher shards.
        records: record files with ``e_above_hull``.
    """

    labels: Path | None = None
    records: Sequence[Path] = ()


class GuidanceExamples(Dataset[int]):
    """Crystals in memory with one energy each.

    Attributes:
        crystals: in the cells of their source.
        energy: ``[S]`` eV/atom above hull or parent, at most :data:`HIGHEST`.
        manifest_hash: names this set.
    """

    def __init__(self, sources: GuidanceSources, max_atoms: int) -> None:
        """Read everything.

        Args:
            sources: see :class:`GuidanceSources`.
            max_atoms: larger crystals of record files are left out.

        Raises:
            InputError: there is no crystal with an energy, or all energies are the same.
        """
        known = [
            crystal
            for crystal in read_crystals(sources.records, max_atoms).crystals
            if crystal.labels.get(HULL) is not None
        ]
        above_hull = [float(crystal.labels[HULL]) for crystal in known]
        hull = dict(zip([crystal.material_id for crystal in known], above_hull, strict=True))
        taught, above_parent = _taught(sources.labels, hull) if sources.labels else ([], [])
        self.crystals = [*known, *taught]
        self.energy = np.minimum([*above_hull, *above_parent], HIGHEST)
        if len(self.crystals) < 2 or np.ptp(self.energy) == 0:
            raise InputError(
                f"{len(self.crystals)} crystals with an energy, not two different ones: give "
                f"record files with {HULL}, or teacher labels that include unchanged parents"
            )
        self.manifest_hash = manifest_hash(self.crystals)

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.crystals)

    def __getitem__(self, index: int) -> int:
        """The index itself, which :meth:`collate` wants."""
        return index

    def collate(self, indices: Sequence[int]) -> tuple[CrystalBatch, Tensor]:
        """The crystals at ``indices`` as one batch, and the indices ``[B]``."""
        return collate([self.crystals[index] for index in indices]), torch.tensor(list(indices))


def energies_above_parent(labels: LabelSet) -> NDArray[np.float64]:
    """Energy above the unchanged parent, ``[S]`` eV/atom.

    NaN where the composition differs from the parent's or the parent has no label.
    """
    per_atom = labels.arrays["energy"] / labels.arrays["natoms"]
    done, sources = labels.arrays["done"], labels.arrays["source"]
    parents = {str(sources[i]): per_atom[i] for i in np.flatnonzero(done == "as is")}
    parent = np.array([parents.get(str(source), np.nan) for source in sources])
    return np.where(np.isin(done, COMPARABLE), per_atom - parent, np.nan)


def _taught(folder: Path, hull: dict[str, float]) -> tuple[list[Crystal], list[float]]:
    """Labelled structures and their energies; parents that are among the records stay out."""
    labels = LabelSet(folder)
    above = energies_above_parent(labels)
    arrays = labels.arrays
    crystals, energies = [], []
    for row in np.flatnonzero(np.isfinite(above)):
        source, done = str(arrays["source"][row]), str(arrays["done"][row])
        if source in hull and done == "as is":
            continue
        atoms = slice(labels.start[row], labels.start[row + 1])
        crystals.append(
            Crystal(
                f"{source} {done} {above[row]:.6f}",
                arrays["atomic_numbers"][atoms].astype(np.int64),
                arrays["frac_coords"][atoms].astype(np.float64),
                arrays["lattice"][row].astype(np.float64),
                {},
            )
        )
        energies.append(float(above[row]) + hull.get(source, 0.0))
    return crystals, energies
