"""Teacher labels: variants of crystals, prototypes, shards, and the plan that can be resumed."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ase.data import covalent_radii
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from dao_core.errors import InputError
from dao_core.training.records import Crystal
from dao_core.training.teacher import (
    LARGEST_FORCE,
    PlannedLabel,
    TeacherPlan,
    label_plan,
    label_shard,
    parents_of,
)
from dao_core.training.teacher_prototypes import (
    ELEMENTAL,
    PROTOTYPES,
    balanced_prototypes,
    prototype_structure,
)
from dao_core.training.teacher_shards import dropped_counts, read_shards
from dao_core.training.teacher_variants import (
    VARIANTS,
    chemical_neighbours,
    perturbed,
    redecorated,
    rescaled,
    scrambled,
    substituted,
)


class CountingTeacher:
    """Energy -1 eV per atom; forces grow with the first coordinate."""

    level = "counting"

    def __init__(self) -> None:
        self.seen = 0

    def evaluate(self, batch):
        self.seen += len(batch)
        forces = torch.zeros_like(batch.frac_coords)
        forces[..., 0] = batch.frac_coords[..., 0]
        return SimpleNamespace(
            energy=-batch.natoms.double(), forces=forces, stress=torch.zeros(len(batch), 3, 3)
        )


@pytest.fixture
def zincblende() -> Structure:
    return prototype_structure("zincblende", 30, 16)


@pytest.fixture
def parents(zincblende) -> list[tuple[str, Structure]]:
    return [("a:1", zincblende), ("a:2", prototype_structure("rutile", 22, 8))]


def test_perturbed_moves_atoms_and_cell_within_bounds(zincblende):
    rng = np.random.default_rng(0)
    ratios = [perturbed(zincblende, rng).volume / zincblende.volume for _ in range(200)]
    assert 0.5 < min(ratios) < 0.9
    assert 1.1 < max(ratios) < 1.7
    assert StructureMatcher().fit(zincblende, perturbed(zincblende, np.random.default_rng(3)))


def test_rescaled_changes_the_volume_alone(zincblende):
    changed = rescaled(zincblende, np.random.default_rng(1))
    np.testing.assert_allclose(changed.frac_coords, zincblende.frac_coords)
    assert 0.7 <= changed.volume / zincblende.volume <= 1.5


def test_substituted_swaps_one_element_for_a_chemical_neighbour(zincblende):
    for seed in range(8):
        swapped = substituted(zincblende, np.random.default_rng(seed))
        new = {site.specie.Z for site in swapped} - {30, 16}
        assert len(new) == 1
        assert new < {*chemical_neighbours(30), *chemical_neighbours(16)}


def test_chemical_neighbours_are_labelled_elements_of_the_same_kind():
    assert set(chemical_neighbours(11)) == {1, 3, 12, 19, 37, 55}
    assert 35 in chemical_neighbours(17)
    assert 2 not in chemical_neighbours(10)


def test_redecorated_keeps_composition_and_scrambled_keeps_atoms_apart():
    rutile = prototype_structure("rutile", 22, 8)
    rng = np.random.default_rng(2)
    assert redecorated(rutile, rng).composition == rutile.composition
    mixed = scrambled(rutile, rng)
    assert mixed.composition == rutile.composition
    assert not StructureMatcher().fit(rutile, mixed)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("fcc", 225),
        ("bcc", 229),
        ("hcp", 194),
        ("diamond", 227),
        ("graphite", 194),
        ("beta-tin", 141),
        ("rocksalt", 225),
        ("caesium-chloride", 221),
        ("zincblende", 216),
        ("wurtzite", 186),
        ("nickel-arsenide", 194),
        ("fluorite", 225),
        ("rutile", 136),
        ("cadmium-iodide", 164),
        ("L1_2", 221),
        ("L1_0", 123),
    ],
)
def test_prototypes_have_their_space_group_and_contact_distance(name, number):
    second = None if name in ELEMENTAL else 8
    structure = prototype_structure(name, 12, second, scale=1.1)
    assert SpacegroupAnalyzer(structure, 0.01).get_space_group_number() == number
    first, other, _, distances = structure.get_neighbor_list(6.0)
    radii = covalent_radii[np.array(structure.atomic_numbers)]
    assert (distances / (radii[first] + radii[other])).min() == pytest.approx(1.1)


def test_balanced_prototypes_hold_the_textbook_compounds():
    drawn = Counter(
        (structure.composition.reduced_formula, source.split(":")[1])
        for source, structure, _ in balanced_prototypes(np.random.default_rng(0), scales=1)
    )
    for expected in (("MgO", "rocksalt"), ("NaCl", "caesium-chloride"), ("GaN", "wurtzite")):
        assert drawn[expected] >= 1
    assert {("CaF2", "fluorite"), ("Na2O", "fluorite"), ("TiO2", "rutile")} <= set(drawn)
    assert ("NaO", "rocksalt") not in drawn
    assert {name for _, name in drawn} <= set(PROTOTYPES)


def test_a_plan_is_the_same_every_time_and_respects_held_out_formulas(parents):
    plan = TeacherPlan(parents, frozenset({"ZnS"}), seed=4, shard_size=5)
    first = [item for k in range(3) for item in plan.shard(k, plan.order())]
    second = [item for k in range(3) for item in plan.shard(k, plan.order())]
    assert [item.done for item in first] == [item.done for item in second]
    assert all(a.structure == b.structure for a, b in zip(first, second, strict=True))
    assert {item.done for item in first} <= {"as is", *VARIANTS}
    assert not plan.admits(PlannedLabel("a:1", parents[0][1], "as is"))
    assert plan.admits(PlannedLabel("a:2", parents[1][1], "as is"))
    assert plan.admits(PlannedLabel("x", prototype_structure("fcc", 30), "prototype"))


def test_shards_are_written_once_and_count_what_they_leave_out(parents, tmp_path):
    plan = TeacherPlan(parents, seed=1, shard_size=100)
    overlapping = Structure(Lattice.cubic(5), ["Mg", "O"], [[0, 0, 0], [0.05, 0, 0]])
    noble = prototype_structure("fcc", 10)
    items = [PlannedLabel("a:1", parents[0][1], "as is")]
    items += [PlannedLabel("bad", overlapping, "as is"), PlannedLabel("gas", noble, "as is")]
    teacher = CountingTeacher()
    path = tmp_path / "labels-0000.npz"
    label_shard(path, items, plan, teacher)
    label_shard(path, items, plan, teacher)
    assert teacher.seen == 1
    assert dropped_counts(tmp_path) == {"too_close": 1, "unlabelled_element": 1}
    shards = read_shards(tmp_path)
    assert shards["level"].tolist() == ["counting"]
    assert shards["source"].tolist() == ["a:1"]
    np.testing.assert_allclose(shards["energy"], [-2.0])
    np.testing.assert_allclose(shards["forces"][:, 0], parents[0][1].frac_coords[:, 0], atol=1e-6)


def test_a_whole_plan_is_shared_among_workers_and_can_be_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(TeacherPlan, "prototypes", lambda _: [])
    crystal = prototype_structure("zincblende", 30, 16)
    parents = parents_of(
        [
            Crystal(
                f"a:{i}",
                np.array(crystal.atomic_numbers),
                crystal.frac_coords,
                crystal.lattice.matrix,
                {},
            )
            for i in range(2)
        ]
    )
    plan, teacher = TeacherPlan(parents, shard_size=4), CountingTeacher()
    for worker in (0, 1):
        label_plan(plan, teacher, tmp_path, worker, workers=2)
    assert len(list(tmp_path.glob("labels-*.npz"))) == 4
    first = teacher.seen
    label_plan(plan, teacher, tmp_path)
    assert teacher.seen == first
    assert first + sum(dropped_counts(tmp_path).values()) == 14


def test_wild_teacher_answers_are_left_out_with_their_reason(parents, tmp_path):
    class Wild(CountingTeacher):
        def evaluate(self, batch):
            answer = super().evaluate(batch)
            answer.energy[0] = torch.nan
            answer.forces[1] = 2 * LARGEST_FORCE
            return answer

    items = [PlannedLabel(f"a:{i}", parents[1][1], "as is") for i in range(3)]
    label_shard(tmp_path / "labels-0000.npz", items, TeacherPlan(parents), Wild())
    assert dropped_counts(tmp_path) == {"teacher_not_finite": 1, "force_too_large": 1}
    assert len(read_shards(tmp_path)["energy"]) == 1


def test_a_folder_without_labels_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no teacher labels"):
        read_shards(tmp_path)
