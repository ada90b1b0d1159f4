"""What a round of retraining learns from: new labels brought to the model's scale, and replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER, CrystalBatch
from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance
from dao_core.crystal.niggli import niggli_primitive
from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.training.records import Crystal
from dao_core.training.teacher_shards import LabelledStructure

ALIKE = 0.01
"""Fingerprint distance below which a second crystal of one composition teaches nothing new."""


@dataclass(frozen=True)
class Predictions:
    """What a potential says of labelled crystals.

    Attributes:
        energy: ``[S]`` eV/atom; NaN where it could not be evaluated.
        force_error: ``[S]`` mean absolute error of a force component, eV/angstrom; NaN where
            either side is not known.
    """

    energy: NDArray[np.float64]
    force_error: NDArray[np.float64]


def predictions(potential: Potential, labels: Sequence[LabelledStructure]) -> Predictions:
    """Energies and force errors of a potential on labelled crystals."""
    energy = np.full(len(labels), np.nan)
    force_error = np.full(len(labels), np.nan)
    for start in range(0, len(labels), 16):
        part = labels[start : start + 16]
        batch = CrystalBatch.from_structures([label.structure for label in part])
        found = potential.evaluate(batch)
        for row, label in enumerate(part):
            n = len(label.structure)
            energy[start + row] = float(found.energy[row]) / n
            forces = found.forces[row, :n].detach().cpu().numpy()
            force_error[start + row] = np.abs(forces - label.forces).mean()
    return Predictions(energy, force_error)


def energies_per_atom(labels: Sequence[LabelledStructure]) -> NDArray[np.float64]:
    """Label energies, ``[S]``, eV/atom."""
    return np.array([label.energy / len(label.structure) for label in labels])


def fractions(labels: Sequence[LabelledStructure]) -> NDArray[np.float64]:
    """Atomic fraction of each element, ``[S, 101]``."""
    counts = np.zeros((len(labels), MAX_ATOMIC_NUMBER + 1))
    for row, label in enumerate(labels):
        np.add.at(counts[row], np.array(label.structure.atomic_numbers), 1.0)
    return counts / counts.sum(axis=1, keepdims=True)


def reference_shift(
    labels: Sequence[LabelledStructure], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Energy per element, ``[101]`` eV, by which labels of a foreign level exceed the model.

    Two levels of theory differ in the energy of each atom, which cancels in every formation energy
    and hull: it is taken off the labels. It follows from labels of the element alone, the lowest of
    each. What compounds have against their elements is the very thing to be learned; it only
    decides (least squares of smallest norm) for elements without a label of their own.

    Args:
        labels: labelled crystals, all at one level.
        predicted: ``[S]`` what the model says of them, eV/atom.
    """
    known = np.isfinite(predicted)
    parts, energies = fractions(labels)[known], energies_per_atom(labels)[known]
    gap = energies - predicted[known]
    shift = np.zeros(parts.shape[1])
    settled = np.zeros(parts.shape[1], dtype=bool)
    for row in sorted(np.flatnonzero(parts.max(axis=1) == 1.0), key=lambda row: -energies[row]):
        element = parts[row].argmax()
        shift[element], settled[element] = gap[row], True  # the lowest comes last
    open_rows = parts[:, ~settled].sum(axis=1) > 0
    rest = gap[open_rows] - parts[open_rows] @ shift
    shift[~settled] = np.linalg.lstsq(parts[open_rows][:, ~settled], rest)[0]
    return shift


def on_scale(
    labels: Sequence[LabelledStructure], shift: NDArray[np.float64]
) -> list[LabelledStructure]:
    """The labels with the energies of their elements taken off."""
    return [
        LabelledStructure(
            label.structure,
            label.energy - float(shift[list(label.structure.atomic_numbers)].sum()),
            label.forces,
            label.stress,
            label.level,
            label.source,
            label.done,
        )
        for label in labels
    ]


def diverse(
    structures: Sequence[Structure], known: Sequence[Structure] = (), *, per_formula: int = 50
) -> list[int]:
    """Positions of the crystals that teach something new, in the order given.

    A crystal is left out when one of its composition that is kept or known lies within
    :data:`ALIKE`, or when its composition has ``per_formula`` already: what a generator makes most
    often must not become all that it learns.
    """
    seen: dict[str, list[NDArray[np.float64]]] = {}
    for structure in known:
        formula = structure.composition.reduced_formula
        seen.setdefault(formula, []).append(coloured_fingerprint(structure))
    kept: list[int] = []
    count: dict[str, int] = {}
    for index, structure in enumerate(structures):
        formula = structure.composition.reduced_formula
        if count.get(formula, 0) >= per_formula:
            continue
        own = coloured_fingerprint(structure)
        others = seen.setdefault(formula, [])
        if all(fingerprint_distance(own, other) > ALIKE for other in others):
            others.append(own)
            count[formula] = count.get(formula, 0) + 1
            kept.append(index)
    return kept


def training_crystals(named: Iterable[tuple[str, Structure]], max_atoms: int) -> list[Crystal]:
    """Crystals in their Niggli primitive cells; those beyond ``max_atoms`` are left out."""
    crystals = []
    for name, structure in named:
        try:
            numbers, frac_coords, lattice = niggli_primitive(
                np.array(structure.atomic_numbers, dtype=np.int64),
                np.asarray(structure.frac_coords, dtype=np.float64),
                np.asarray(structure.lattice.matrix, dtype=np.float64),
            )
        except InputError:
            continue
        if len(numbers) <= max_atoms:
            crystals.append(Crystal(name, numbers, frac_coords, lattice, {}))
    return crystals
