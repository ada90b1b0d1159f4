"""Teacher labels for the crystals of record files: what DAO-P is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dao_core.errors import InputError
from dao_core.training.folder_identity import claim
from dao_core.training.records import manifest_hash, read_crystals
from dao_core.training.teacher import Teacher, TeacherPlan, label_plan, parents_of
from dao_core.training.teacher_shards import SHARD_PATTERN, dropped_counts, read_shards


@dataclass(frozen=True)
class TeacherSources:
    """Which crystals are labelled, with variants of them.

    Attributes:
        records: record files of the parents.
        held_out: record files whose formulas no label may have (to judge by, later).
        max_atoms: larger parents are left out.
        seed: of the order and of every random change.
    """

    records: Sequence[Path]
    held_out: Sequence[Path] = ()
    max_atoms: int = 24
    seed: int = 0


@dataclass(frozen=True)
class LabelCounts:
    """What the folder of shards holds now.

    Attributes:
        shards: finished, of all processes.
        labels: structures with energy, forces and stress.
        dropped: reason -> structures left out.
    """

    shards: int
    labels: int
    dropped: dict[str, int]


def label_records(
    sources: TeacherSources,
    teacher: Teacher,
    folder: Path,
    part: tuple[int, int] = (0, 1),
    on_shard: Callable[[], None] = lambda: None,
) -> LabelCounts:
    """Write the shards of teacher labels that are not there yet.

    Args:
        sources: see :class:`TeacherSources`.
        teacher: the potential whose energies, forces and stresses are learned.
        folder: receives the shards; the same call goes on after a kill.
        part: (i, n), this process does every n-th shard from i on.
        on_shard: called after each shard of this part.

    Raises:
        InputError: no parent can be used, or the folder holds labels of another plan or teacher.
        MissingError: a record file is not there.
    """
    parents = read_crystals(sources.records, sources.max_atoms)
    if not parents.crystals:
        raise InputError(f"no usable crystal in the records: {dict(parents.rejected)}")
    held_out = read_crystals(sources.held_out, max_atoms=10**6).crystals
    formulas = {structure.composition.reduced_formula for _, structure in parents_of(held_out)}
    identity = {
        "teacher": teacher.level,
        "parents": manifest_hash(parents.crystals),
        "held_out": manifest_hash(held_out),
        "seed": sources.seed,
    }
    claim(folder / "labels.json", identity, "teacher labels")
    plan = TeacherPlan(
        parents_of(parents.crystals), frozenset(formulas), sources.seed, sources.max_atoms
    )
    label_plan(plan, teacher, folder, *part, on_shard)
    labels = len(read_shards(folder)["natoms"])
    return LabelCounts(len(list(folder.glob(SHARD_PATTERN))), labels, dropped_counts(folder))
