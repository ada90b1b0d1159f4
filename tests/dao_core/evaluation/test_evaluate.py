from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.evaluation.evaluate import BenchmarkResult, evaluate
from dao_core.evaluation.sets import Reference


@pytest.fixture(scope="module")
def result(rocksalt: Structure, caesium_chloride: Structure, diamond: Structure) -> BenchmarkResult:
    """Two polymorphs of MgO and silicon, two samples each.

    Rocksalt is found by its own second sample. Caesium chloride is found only by the first sample
    that was made for rocksalt. Silicon is found, slightly strained, by its first sample; its
    second collapses.
    """
    references = [
        Reference("halite", rocksalt),
        Reference("b2", caesium_chloride),
        Reference("silicon", diamond),
    ]
    chain = Structure(Lattice.orthorhombic(2.2, 4.5, 4.5), ["Mg", "O"], [[0, 0, 0], [0.5, 0.25, 0]])
    collapsed = Structure(Lattice.cubic(3.0), ["Si", "Si"], [[0, 0, 0], [0, 0, 0.05]])
    samples = [
        [caesium_chloride, rocksalt.make_supercell([1, 1, 2], in_place=False)],
        [chain, chain],
        [strained(diamond), collapsed],
    ]
    energies = [[-4.0, -4.5], [-1.0, -1.0], [-5.0, -9.0]]
    return evaluate(references, samples, energies, processes=2)


def strained(structure: Structure) -> Structure:
    copy = structure.copy()
    copy.apply_strain([0.06, 0, 0])
    return copy


def test_rows_say_what_became_of_each_sample(result: BenchmarkResult) -> None:
    silicon = result.rows[2]
    assert [row.material_id for row in silicon] == ["silicon", "silicon"]
    assert silicon[0].rmse is not None
    assert not silicon[0].strict
    assert silicon[1].invalid == "too_close"
    assert result.rows[0][1].strict
    assert result.rows[0][1].rmse == pytest.approx(0, abs=1e-5)
    assert [len(rows) for rows in result.rows] == [2, 2, 2]


def test_match_rates_at_one_and_two(result: BenchmarkResult) -> None:
    one, two = result.scores(1), result.scores(2)
    assert (one.n, two.n) == (3, 3)
    assert one.match_rate == pytest.approx(1 / 3)
    assert two.match_rate == two.valid_match_rate == pytest.approx(2 / 3)
    assert result.scores(2, subset=[1]).match_rate == 0
    assert two.rmse == pytest.approx((0 + result.rows[2][0].rmse) / 2, abs=1e-5)
    assert two.strict_rate == pytest.approx(1 / 3)


def test_any_sample_of_the_formula_counts_for_metre(result: BenchmarkResult) -> None:
    other_polymorph = result.scores(1, subset=[1])
    assert other_polymorph.match_rate == 0
    assert other_polymorph.metre == 1
    assert other_polymorph.crmse == pytest.approx(0, abs=1e-5)
    assert result.scores(1).metre == pytest.approx(2 / 3)
    assert result.scores(2).metre == 1
    expected = (0 + 0 + result.rows[2][0].rmse) / 3
    assert result.scores(2).crmse == pytest.approx(expected, abs=1e-5)
    expected = (0.5 + 0 + result.rows[2][0].rmse) / 3
    assert result.scores(1).crmse == pytest.approx(expected, abs=1e-5)


def test_lowest_energy_sample_is_ranked_first(result: BenchmarkResult) -> None:
    # Silicon's lowest energy is that of the collapsed cell, which is no possible crystal.
    assert result.scores(2, subset=[0]).ranked_match_rate == 1
    assert result.scores(2, subset=[2]).ranked_match_rate == 1
    assert result.scores(2).ranked_match_rate == pytest.approx(2 / 3)


def test_valid_rate_counts_samples(result: BenchmarkResult) -> None:
    assert result.scores(2).valid_rate == pytest.approx(5 / 6)
    assert result.scores(1).valid_rate == 1


def test_polymorphs_of_one_formula_are_recalled(result: BenchmarkResult) -> None:
    both = result.scores(2)
    assert both.polymorph_recall == 1
    assert both.all_polymorphs_rate == 1
    assert result.scores(2, subset=[0, 2]).polymorph_recall is None


def test_reference_without_samples_is_unmatched(rocksalt: Structure, diamond: Structure) -> None:
    references = [Reference("a", rocksalt), Reference("b", diamond)]
    empty = evaluate(references, [[], []])
    scores = empty.scores(1)
    assert (scores.match_rate, scores.rmse, scores.crmse) == (0, None, 0.5)
    assert scores.ranked_match_rate is None


def test_lists_that_do_not_belong_together_are_refused(rocksalt: Structure) -> None:
    with pytest.raises(InputError, match="1 references but samples for 0"):
        evaluate([Reference("a", rocksalt)], [])
    with pytest.raises(InputError, match="not equally many"):
        evaluate([Reference("a", rocksalt)], [[rocksalt]], [[]])
