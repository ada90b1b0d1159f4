"""Labels of record files: planned once, gone on with, never mixed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.potentials.base import Evaluation
from dao_core.training import teacher_run
from dao_core.training.teacher import TeacherPlan, label_shard
from dao_core.training.teacher_run import TeacherSources, label_records
from dao_core.training.teacher_shards import read_shards


class Flat:
    """Every crystal has energy zero; counts what it is asked."""

    def __init__(self, level: str = "flat") -> None:
        self.level, self.asked = level, 0

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        self.asked += len(batch)
        size = len(batch)
        return Evaluation(
            torch.zeros(size), torch.zeros_like(batch.frac_coords), torch.zeros(size, 3, 3)
        )


@pytest.fixture(autouse=True)
def _no_prototypes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of prototypes are another test's matter."""
    monkeypatch.setattr(TeacherPlan, "prototypes", lambda _plan: [])


def test_records_are_labelled_once(record_file: Path, tmp_path: Path) -> None:
    teacher, folder = Flat(), tmp_path / "labels"
    sources = TeacherSources([record_file])
    shards = []
    counts = label_records(sources, teacher, folder, on_shard=lambda: shards.append(1))
    assert counts.shards == len(shards) == 1
    assert counts.labels == teacher.asked == len(read_shards(folder)["energy"])
    assert counts.labels + sum(counts.dropped.values()) == 64 * 7
    asked = teacher.asked
    assert label_records(sources, teacher, folder) == counts
    assert teacher.asked == asked, "finished shards are not done again"


def test_held_out_formulas_get_no_label(record_file: Path, tmp_path: Path) -> None:
    counts = label_records(TeacherSources([record_file], [record_file]), Flat(), tmp_path / "none")
    assert counts.dropped["held_out_formula"] > 64
    assert set(read_shards(tmp_path / "none")["done"]) <= {"substituted", "swapped", "redecorated"}


def test_plans_and_teachers_do_not_mix(record_file: Path, tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "labels"
    monkeypatch.setattr(teacher_run, "label_plan", lambda plan, teacher, folder, *_: label_shard(
        folder / "labels-0000.npz", list(plan.shard(0, plan.order()))[:5], plan, teacher
    ))  # fmt: skip
    label_records(TeacherSources([record_file]), Flat(), folder)
    with pytest.raises(InputError, match="other teacher"):
        label_records(TeacherSources([record_file]), Flat("steep"), folder)
    with pytest.raises(InputError, match="other seed"):
        label_records(TeacherSources([record_file], seed=1), Flat(), folder)
    with pytest.raises(InputError, match="no usable crystal"):
        label_records(TeacherSources([record_file], max_atoms=1), Flat(), tmp_path / "empty")
