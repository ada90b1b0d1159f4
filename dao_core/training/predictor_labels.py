"""What DAO-P learns from: teacher labels, and formation energies of the clean parents.

The two label sources keep their own energy references. Teacher energies are total energies; a
formation energy becomes a total energy by adding back the elemental energies mu_Z, which are
fitted (never trained) so that both sources agree on average: E_teacher / N = E_form + sum x_Z mu_Z.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER, CrystalBatch
from dao_core.training.records import Crystal, read_crystals
from dao_core.training.teacher_shards import read_shards

FORMATION_ENERGY = "formation_energy_per_atom"
ROBUST_SCALE = 0.1
"""eV/atom; energies further off an element-wise fit count less and less."""


@dataclass(frozen=True)
class EnergyLabels:
    """A batch of crystals with their labels.

    Attributes:
        crystals: the batch.
        energy: ``[B]`` eV per cell.
        forces: ``[B, N, 3]`` eV/angstrom, NaN where not known.
        stress: ``[B, 3, 3]`` eV/angstrom^3, NaN where not known.
        index: ``[B]`` position in the data set (names the sample for the ensemble).
    """

    crystals: CrystalBatch
    energy: Tensor
    forces: Tensor
    stress: Tensor
    index: Tensor

    def to(self, device: torch.device | str) -> EnergyLabels:
        """Move to a device (Lightning calls this)."""
        tensors = (self.energy, self.forces, self.stress, self.index)
        return EnergyLabels(self.crystals.to(device), *(t.to(device) for t in tensors))


class LabelSet(Dataset[int]):
    """Teacher labels in memory, as the flat arrays of the shards.

    Crystals with a formation energy that no shard holds are appended with NaN for what is not
    known: their teacher energy, forces and stress.

    Attributes:
        arrays: see :func:`dao_core.training.teacher_shards.write_shard`.
        start: ``[S + 1]`` first atom of each structure.
        formation: ``[S]`` known formation energy (eV/atom) of unchanged crystals, else NaN.
        energy: ``[S]`` target, eV per cell; NaN until the elemental energies are applied to those
            that have a formation energy only.
    """

    def __init__(self, folder: Path, clean: Sequence[Crystal] = ()) -> None:
        shards = read_shards(folder)
        untouched = shards["done"] == "as is"
        labelled = set(shards["source"][untouched].tolist())
        missing = [crystal for crystal in clean if crystal.material_id not in labelled]
        self.arrays = _joined(shards, _clean_arrays(missing)) if missing else shards
        self.start = np.concatenate([[0], np.cumsum(self.arrays["natoms"])])
        known = {crystal.material_id: crystal.labels[FORMATION_ENERGY] for crystal in clean}
        self.formation = np.array(
            [
                known.get(str(source), np.nan) if done == "as is" else np.nan
                for source, done in zip(self.arrays["source"], self.arrays["done"], strict=True)
            ]
        )
        self.energy = self.arrays["energy"].copy()

    def __len__(self) -> int:
        """Number of labelled structures."""
        return len(self.energy)

    def __getitem__(self, index: int) -> int:
        """The index itself: batches are cut from the flat arrays by :meth:`collate`."""
        return index

    @property
    def fractions(self) -> NDArray[np.float64]:
        """Atomic fraction of each element, ``[S, 101]``."""
        counts = np.zeros((len(self), MAX_ATOMIC_NUMBER + 1))
        rows = np.repeat(np.arange(len(self)), self.arrays["natoms"])
        np.add.at(counts, (rows, self.arrays["atomic_numbers"]), 1.0)
        return counts / counts.sum(axis=1, keepdims=True)

    def use_formation_energies(self, elemental: NDArray[np.float64]) -> None:
        """Make known formation energies the target, put on the teacher's scale by ``elemental``."""
        known = np.isfinite(self.formation)
        per_atom = self.formation[known] + self.fractions[known] @ elemental
        self.energy[known] = per_atom * self.arrays["natoms"][known]

    def collate(self, indices: Sequence[int]) -> EnergyLabels:
        """Pad the structures at ``indices`` into one batch."""
        width = int(self.arrays["natoms"][list(indices)].max())
        numbers = torch.zeros(len(indices), width, dtype=torch.long)
        frac_coords = torch.zeros(len(indices), width, 3)
        forces = torch.zeros(len(indices), width, 3)
        for row, index in enumerate(indices):
            atoms = slice(self.start[index], self.start[index + 1])
            n = atoms.stop - atoms.start
            numbers[row, :n] = torch.from_numpy(self.arrays["atomic_numbers"][atoms].astype(int))
            frac_coords[row, :n] = torch.from_numpy(self.arrays["frac_coords"][atoms])
            forces[row, :n] = torch.from_numpy(self.arrays["forces"][atoms])
        chosen = np.asarray(indices)
        lattice = torch.from_numpy(self.arrays["lattice"][chosen])
        return EnergyLabels(
            CrystalBatch(numbers, frac_coords, lattice, numbers > 0),
            torch.from_numpy(self.energy[chosen]).float(),
            forces,
            torch.from_numpy(self.arrays["stress"][chosen]),
            torch.from_numpy(chosen),
        )

    def manifest_hash(self) -> str:
        """Hash of sources, changes and energies: the name of this training set."""
        digest = hashlib.sha256()
        for name in ("source", "done", "energy"):
            digest.update(np.ascontiguousarray(self.arrays[name]).tobytes())
        return digest.hexdigest()[:16]


def read_clean_crystals(record_files: Sequence[Path], max_atoms: int) -> list[Crystal]:
    """The crystals of record files that have a formation energy, at most ``max_atoms`` atoms."""
    crystals = read_crystals(record_files, max_atoms).crystals
    return [crystal for crystal in crystals if crystal.labels.get(FORMATION_ENERGY) is not None]


def fit_references(labels: LabelSet) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per-element energies (eV), ``[101]`` each: the teacher's mean, and its elemental phases.

    The first is a robust fit of all teacher energies to the composition. The second starts from
    the lowest teacher energy of each pure element and is corrected by a robust fit of teacher
    minus formation energy, so that elements without formation energies keep the teacher's value.
    """
    taught = np.isfinite(labels.arrays["energy"])
    fractions = labels.fractions[taught]
    per_atom = (labels.arrays["energy"] / labels.arrays["natoms"])[taught]
    formation = labels.formation[taught]
    reference = _robust_fit(fractions, per_atom, np.zeros(fractions.shape[1]))
    elemental = reference.copy()
    for element in range(1, fractions.shape[1]):
        pure = per_atom[fractions[:, element] == 1.0]
        if len(pure):
            elemental[element] = pure.min()
    known = np.isfinite(formation)
    difference = per_atom[known] - formation[known]
    return reference, _robust_fit(fractions[known], difference, elemental)


def _robust_fit(
    fractions: NDArray[np.float64], per_atom: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Iteratively reweighted ridge regression of ``per_atom`` on ``fractions`` about ``prior``."""
    solution = prior.copy()
    ridge = 0.02 * np.eye(fractions.shape[1])
    for _ in range(10):
        residual = np.abs(per_atom - fractions @ solution)
        weights = 1 / np.maximum(residual, ROBUST_SCALE)
        weighted = fractions * weights[:, None]
        matrix = fractions.T @ weighted + ridge
        solution = prior + np.linalg.solve(matrix, weighted.T @ (per_atom - fractions @ prior))
    return solution


def _clean_arrays(crystals: Sequence[Crystal]) -> dict[str, NDArray[Any]]:
    """Crystals without a teacher label as shard arrays, NaN for what is not known."""
    natoms = np.array([len(crystal.atomic_numbers) for crystal in crystals], dtype=np.int32)
    names = np.array([crystal.material_id for crystal in crystals])
    return {
        "natoms": natoms,
        "atomic_numbers": np.concatenate([c.atomic_numbers for c in crystals]).astype(np.uint8),
        "frac_coords": np.concatenate([c.frac_coords for c in crystals]).astype(np.float32),
        "lattice": np.stack([c.lattice for c in crystals]).astype(np.float32),
        "energy": np.full(len(crystals), np.nan),
        "forces": np.full((int(natoms.sum()), 3), np.nan, dtype=np.float32),
        "stress": np.full((len(crystals), 3, 3), np.nan, dtype=np.float32),
        "level": np.full(len(crystals), "formation-energy"),
        "source": names,
        "done": np.full(len(crystals), "as is"),
    }


def _joined(
    first: dict[str, NDArray[Any]], second: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([first[name], second[name]]) for name in first}
