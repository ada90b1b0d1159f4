from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.evaluation.breakdown import breakdown, crystal_system, size_class
from dao_core.evaluation.candidates import make_candidates
from dao_core.evaluation.overlap import audit_overlap
from dao_core.evaluation.polymorphs import polymorph_table
from dao_core.evaluation.sampling import Question, Sample, questions
from dao_core.evaluation.sets import BenchmarkSet, Reference
from dao_core.evaluation.structure_benchmark import (
    BenchmarkSettings,
    StructureRun,
    run_structure_benchmark,
)
from dao_core.evaluation.structure_summary import sample_table, summarise
from dao_core.potentials import Potential, load_potential

SETTINGS = BenchmarkSettings(k=2, seeds=(0, 1), processes=1)


class Answers:
    """Gives the same crystals for a formula, in another order for odd seeds, and counts."""

    def __init__(self, by_formula: dict[str, list[Structure]]) -> None:
        self.identity = {"source": "answers"}
        self.by_formula = by_formula
        self.asked = 0

    def sample(self, questions: Sequence[Question], k: int, seed: int) -> list[list[Sample]]:
        self.asked += len(questions)
        found = [self.by_formula[question.reference.formula] for question in questions]
        rows = [(list(reversed(row)) if seed % 2 else row)[:k] for row in found]
        return [[Sample(one, 0.0) for one in row] for row in rows]


@pytest.fixture(scope="module")
def benchmark_set(rocksalt: Structure, caesium_chloride: Structure, diamond: Structure):
    references = [
        Reference("halite", rocksalt),
        Reference("halite again", rocksalt.get_primitive_structure()),
        Reference("b2", caesium_chloride),
        Reference("silicon", diamond),
    ]
    return BenchmarkSet("hand", references, [])


@pytest.fixture(scope="module")
def answers(rocksalt: Structure, diamond: Structure) -> Answers:
    chain = Structure(Lattice.orthorhombic(2.2, 4.5, 4.5), ["Mg", "O"], [[0, 0, 0], [0.5, 0.25, 0]])
    return Answers({"MgO": [rocksalt, chain], "Si": [diamond, diamond]})


@pytest.fixture(scope="module")
def run(
    benchmark_set: BenchmarkSet, answers: Answers, tmp_path_factory: pytest.TempPathFactory
) -> tuple[StructureRun, Path]:
    folder = tmp_path_factory.mktemp("pieces")
    return run_structure_benchmark(benchmark_set, answers, None, SETTINGS, folder), folder


def test_summary_of_an_obvious_case(
    run: tuple[StructureRun, Path], benchmark_set, rocksalt
) -> None:
    audit = audit_overlap([rocksalt], benchmark_set.references, processes=1)
    summary = summarise(benchmark_set, run[0], SETTINGS, audit)
    assert (summary["n"], summary["k"], summary["seeds"]) == (4, 2, [0, 1])
    assert summary["match_rate"] == summary["metre"] == 0.75
    assert summary["ranked_match_rate"] is None
    assert list(summary["stages"]) == ["generated", "symmetrised"]
    # The first sample is rocksalt with seed 0 and a chain with seed 1; silicon always matches.
    mean, spread = summary["stages"]["generated"]["first"]["match_rate"]
    assert mean == pytest.approx((0.75 + 0.25) / 2)
    assert spread == pytest.approx(0.5 / 2**0.5)
    assert summary["stages"]["generated"]["clean"]["match_rate"] == (1.0, 0.0)
    assert summary["overlap"] == {"formula": 0.75, "structure": 0.5, "clean": 1, "undecided": []}


def test_polymorphs_that_are_the_same_crystal_are_one(
    run: tuple[StructureRun, Path], benchmark_set: BenchmarkSet
) -> None:
    results = [run[0].results["generated", seed] for seed in (0, 1)]
    (row,) = polymorph_table(benchmark_set.references, results, processes=1)
    assert row.formula == "MgO"
    assert [(p.material_ids, p.found) for p in row.polymorphs] == [
        (["halite", "halite again"], 1.0),
        (["b2"], 0.0),
    ]
    assert row.recall == 0.5


def test_breakdown_says_where_it_fails(
    run: tuple[StructureRun, Path], benchmark_set: BenchmarkSet
) -> None:
    results = [run[0].results["generated", seed] for seed in (0, 1)]
    rows = {(row.by, row.group): row for row in breakdown(benchmark_set.references, results)}
    binary = rows["elements", "2"]
    assert (binary.n, binary.any, binary.ranked) == (3, pytest.approx(2 / 3), None)
    assert binary.first == pytest.approx(1 / 3)
    assert rows["elements", "1"].any == 1
    assert rows["crystal system", "cubic"].n == 4
    assert not any(by == "space group" for by, _ in rows), "fewer than five references each"


def test_table_has_one_row_for_each_sample(
    run: tuple[StructureRun, Path], benchmark_set: BenchmarkSet
) -> None:
    table = sample_table(benchmark_set, run[0])
    assert len(table) == 2 * 2 * 4 * 2
    silicon = table[(table.material_id == "silicon") & (table.stage == "generated")]
    assert silicon.space_group_number.unique().tolist() == [227]
    assert silicon.rmse.notna().all()


def test_a_killed_run_goes_on(
    run: tuple[StructureRun, Path], benchmark_set: BenchmarkSet, answers: Answers
) -> None:
    whole, folder = run
    answers.asked = 0
    for file in folder.glob("*/*-1*.json.gz"):
        file.unlink()
    again = run_structure_benchmark(benchmark_set, answers, None, SETTINGS, folder)
    assert answers.asked == 4, "only seed 1 was sampled again"
    assert again.results == whole.results
    more = BenchmarkSettings(k=1, seeds=(0,), processes=1)
    run_structure_benchmark(benchmark_set, answers, None, more, folder)
    assert answers.asked == 8, "another K is another run"


def test_questions_count_repeats_of_a_cell(benchmark_set: BenchmarkSet) -> None:
    assert [q.repeat for q in questions(benchmark_set.references)] == [0, 0, 1, 0]


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


def test_the_lowest_samples_are_relaxed_and_the_others_kept(emt: Potential) -> None:
    fcc = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    squeezed = fcc.copy()
    squeezed.apply_strain([0.15, -0.12, 0])  # no volume mends it
    strained = fcc.copy()
    strained.apply_strain([0.02, 0, 0])
    sampler = Answers({"Cu": [squeezed, strained]})
    asked = questions([Reference("copper", fcc)])
    piece = make_candidates(sampler, asked, 2, 0, emt, relaxed=1)
    generated, relaxed = piece.stages["generated"], piece.stages["relaxed"]
    energies = generated.energies[0]
    assert energies[0] > energies[1]
    assert relaxed.energies[0][0] is None
    assert relaxed.energies[0][1] < energies[1]
    assert relaxed.structures[0][0] == generated.structures[0][0]
    symmetric = piece.stages["relaxed_symmetrised"].structures[0][1]
    assert symmetric.get_space_group_info()[1] == 225
    assert sum(piece.relaxations.values()) == 1


@pytest.mark.parametrize(
    ("number", "system"), [(1, "triclinic"), (15, "monoclinic"), (167, "trigonal"), (230, "cubic")]
)
def test_crystal_systems(number: int, system: str) -> None:
    assert crystal_system(number) == system


def test_size_classes_cover_every_size() -> None:
    assert [size_class(n) for n in (1, 2, 3, 20, 21, 52, 53)] == [
        "1-2", "1-2", "3-4", "17-20", "21-30", "41-52", "53-",
    ]  # fmt: skip
