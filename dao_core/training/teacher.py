"""Teacher labels: a universal potential gives energies, forces and stresses to many structures.

The plan (which structure, what is done to it) is a pure function of the parents and the seed, so
labelling can stop at any time and go on, in any number of processes, shard by shard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from pymatgen.core import Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.validity import invalid_reason
from dao_core.training.records import Crystal
from dao_core.training.teacher_prototypes import (
    balanced_prototypes,
    binary_prototypes,
    elemental_prototypes,
)
from dao_core.training.teacher_shards import LabelledStructure, write_shard
from dao_core.training.teacher_variants import UNLABELLED, random_variant

LARGEST_FORCE = 40.0
"""eV/angstrom; beyond it the teacher extrapolates and the analytic repulsion takes over."""
SHORTEST_CONTACT = 0.6
"""Shortest distance over the sum of covalent radii that a teacher is asked about."""
LARGEST_VOLUME = 40.0
"""Cell volume over the volume of the covalent spheres."""
DENSEST = 3.0
"""Cubic angstrom per atom (diamond has 5.7). Angles grow with the square of the density: a
teacher with three-body terms needs gigabytes for squeezed hydrogen."""


class _Evaluated(Protocol):
    @property
    def energy(self) -> Tensor: ...
    @property
    def forces(self) -> Tensor: ...
    @property
    def stress(self) -> Tensor: ...


class Teacher(Protocol):
    """What labelling needs of a potential (see ``dao_core/potentials/base.py``)."""

    @property
    def level(self) -> str:
        """Energy level of the labels."""

    def evaluate(self, batch: CrystalBatch) -> _Evaluated:
        """Energies in eV, forces in eV/angstrom, stresses in eV/angstrom^3."""


@dataclass(frozen=True)
class PlannedLabel:
    """One structure to be labelled: its parent's name, the structure, what was done."""

    source: str
    structure: Structure
    done: str


@dataclass(frozen=True)
class TeacherPlan:
    """Which structures are labelled, in a fixed random order.

    Attributes:
        parents: (source name, relaxed or reference structure).
        excluded_formulas: reduced formulas that no generated compound may have (a hold-out set).
        seed: of the order and of every random change.
        largest: parents of more atoms are left out.
        shard_size: planned structures per shard.
    """

    parents: Sequence[tuple[str, Structure]]
    excluded_formulas: frozenset[str] = frozenset()
    seed: int = 0
    largest: int = 24
    shard_size: int = 1000

    def order(self) -> np.ndarray:
        """Parent index and variant number of every parent variant, ``[M, 2]``, shuffled."""
        pairs = [
            (index, variant)
            for index, (_, structure) in enumerate(self.parents)
            if len(structure) <= self.largest
            for variant in range(variants_of(len(structure)))
        ]
        return np.random.default_rng(self.seed).permutation(np.array(pairs, dtype=np.int64))

    def shard(self, number: int, order: np.ndarray) -> Iterator[PlannedLabel]:
        """The planned structures of shard ``number`` of the parents' variants."""
        for index, variant in order[number * self.shard_size : (number + 1) * self.shard_size]:
            source, parent = self.parents[index]
            rng = np.random.default_rng([self.seed, int(index), int(variant)])
            structure, done = (parent, "as is") if variant == 0 else random_variant(parent, rng)
            yield PlannedLabel(source, structure, done)

    def prototypes(self) -> list[PlannedLabel]:
        """Elements and binary compounds in competing prototypes, shuffled."""
        rng = np.random.default_rng(self.seed)
        drawn = [
            *elemental_prototypes(rng),
            *binary_prototypes(rng),
            *balanced_prototypes(rng),
        ]
        return [PlannedLabel(*drawn[index]) for index in rng.permutation(len(drawn))]

    def admits(self, planned: PlannedLabel) -> bool:
        """Whether the formula may be labelled: elements always, a held-out formula never."""
        composition = planned.structure.composition
        return len(composition) == 1 or composition.reduced_formula not in self.excluded_formulas


def variants_of(natoms: int) -> int:
    """Labels per parent, itself included: small crystals are cheap and tell as much per atom."""
    return 7 if natoms <= 8 else 5 if natoms <= 14 else 3


def label_plan(
    plan: TeacherPlan,
    teacher: Teacher,
    folder: Path,
    worker: int = 0,
    workers: int = 1,
    on_shard: Callable[[], None] = lambda: None,
) -> None:
    """Label everything that is planned; shards that exist are kept, so this can be repeated.

    Args:
        plan: what to label.
        teacher: the potential.
        folder: receives ``labels-NNNN.npz`` (variants) and ``labels-pNNNN.npz`` (prototypes).
        worker: number of this process.
        workers: how many processes share the plan; each takes every ``workers``-th shard.
        on_shard: called after each shard of this process.
    """
    order, prototypes, size = plan.order(), plan.prototypes(), plan.shard_size
    for number in range(worker, -(-len(prototypes) // size), workers):
        part = prototypes[number * size : (number + 1) * size]
        label_shard(folder / f"labels-p{number:04d}.npz", part, plan, teacher)
        on_shard()
    for number in range(worker, -(-len(order) // size), workers):
        label_shard(folder / f"labels-{number:04d}.npz", plan.shard(number, order), plan, teacher)
        on_shard()


def parents_of(crystals: Sequence[Crystal]) -> list[tuple[str, Structure]]:
    """Crystals of record files as the parents of a plan."""
    return [
        (
            crystal.material_id,
            Structure(crystal.lattice, crystal.atomic_numbers.tolist(), crystal.frac_coords),
        )
        for crystal in crystals
    ]


def label_shard(
    path: Path,
    planned: Iterable[PlannedLabel],
    plan: TeacherPlan,
    teacher: Teacher,
    batch_size: int = 8,
) -> None:
    """Label the planned structures and write one shard; what is left out is counted by reason.

    Args:
        path: the shard to write; if it exists nothing is done.
        planned: the structures.
        plan: decides which formulas are admitted.
        teacher: the potential.
        batch_size: structures per evaluation.
    """
    if path.exists():
        return
    dropped: dict[str, int] = {}
    usable = []
    for item in planned:
        reason = _refusal(item, plan)
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            usable.append(item)
    usable.sort(key=lambda item: len(item.structure))
    labels: list[LabelledStructure] = []
    for start in range(0, len(usable), batch_size):
        part = usable[start : start + batch_size]
        evaluation = teacher.evaluate(CrystalBatch.from_structures([p.structure for p in part]))
        labels.extend(_labels(part, evaluation, teacher.level, dropped))
    write_shard(path, labels, dropped)


def _refusal(item: PlannedLabel, plan: TeacherPlan) -> str | None:
    if not plan.admits(item):
        return "held_out_formula"
    if UNLABELLED.intersection(item.structure.atomic_numbers):
        return "unlabelled_element"
    if item.structure.volume < DENSEST * len(item.structure):
        return "too_dense"
    return invalid_reason(
        item.structure,
        min_distance_factor=SHORTEST_CONTACT,
        max_volume_factor=LARGEST_VOLUME,
    )


def _labels(
    part: Sequence[PlannedLabel], evaluation: _Evaluated, level: str, dropped: dict[str, int]
) -> Iterator[LabelledStructure]:
    for row, item in enumerate(part):
        forces = evaluation.forces[row, : len(item.structure)].detach().cpu().numpy()
        stress = evaluation.stress[row].detach().cpu().numpy()
        energy = float(evaluation.energy[row])
        if not (np.isfinite(energy) and np.isfinite(forces).all() and np.isfinite(stress).all()):
            reason = "teacher_not_finite"
        elif np.abs(forces).max() > LARGEST_FORCE:
            reason = "force_too_large"
        else:
            yield LabelledStructure(
                item.structure, energy, forces, stress, level, item.source, item.done
            )
            continue
        dropped[reason] = dropped.get(reason, 0) + 1
