from __future__ import annotations

import pytest

from dao_core.evaluation.scores import SampleRow, Scores, across_seeds, score


def row(
    sample: int,
    rmse: float | None,
    *,
    strict: bool = False,
    invalid: str | None = None,
    energy: float | None = None,
    preference: float = 0.0,
) -> SampleRow:
    return SampleRow("m", "MgO", 2, sample, rmse, strict, invalid, energy, None, preference)


def test_best_sample_counts_and_means_are_over_references() -> None:
    rows = [[row(0, 0.3), row(1, 0.1, strict=True)], [row(0, None), row(1, None)]]
    pool = [[(0, 0.3), (1, 0.1)], []]
    scores = score(rows, pool, ["MgO", "NaCl"], k=2, stol=0.5)
    assert scores.match_rate == 0.5
    assert scores.rmse == pytest.approx(0.1)
    assert scores.crmse == pytest.approx((0.1 + 0.5) / 2)
    assert scores.strict_rate == 0.5
    first = score(rows, pool, ["MgO", "NaCl"], k=1, stol=0.5)
    assert first.rmse == pytest.approx(0.3)
    assert first.strict_rate == 0


def test_invalid_samples_do_not_count_as_valid_matches() -> None:
    rows = [[row(0, 0.1, invalid="too_close")]]
    scores = score(rows, [[(0, 0.1)]], ["MgO"], k=1, stol=0.5)
    assert (scores.match_rate, scores.valid_match_rate, scores.valid_rate) == (1, 0, 0)


def test_ranking_takes_the_lowest_energy_of_the_first_k() -> None:
    rows = [[row(0, None, energy=-1.0), row(1, 0.2, energy=-2.0), row(2, None, energy=-3.0)]]
    rates = [score(rows, [[]], ["MgO"], k, 0.5).ranked_match_rate for k in (1, 2, 3)]
    assert rates == [0, 1, 0]


def test_what_the_source_prefers_is_taken_off_the_energies() -> None:
    close = [row(0, 0.2, energy=-2.95), row(1, None, energy=-3.0, preference=-0.06)]
    apart = [row(0, 0.2, energy=-2.93), row(1, None, energy=-3.0, preference=-0.06)]
    rates = [score([one], [[]], ["MgO"], 2, 0.5).ranked_match_rate for one in (close, apart)]
    assert rates == [1, 0]


def test_polymorph_recall_looks_at_formulas_with_several_references() -> None:
    rows = [[row(0, None)]] * 4
    pool = [[(0, 0.1)], [], [(0, 0.1)], []]
    scores = score(rows, pool, ["TiO2", "TiO2", "MgO", "NaCl"], k=1, stol=0.5)
    assert scores.polymorph_recall == 0.5
    assert scores.all_polymorphs_rate == 0


def test_mean_and_spread_over_seeds() -> None:
    runs = [score([[row(0, rmse)]], [[]], ["MgO"], 1, 0.5) for rmse in (0.1, None)]
    summary = across_seeds(runs)
    assert summary["match_rate"] == pytest.approx((0.5, 0.5**0.5))
    assert "rmse" not in summary
    assert "n" not in summary
    assert across_seeds(runs[:1])["match_rate"] == (1.0, 0.0)


def test_no_references_give_zeros_not_errors() -> None:
    scores = score([], [], [], 1, 0.5)
    assert isinstance(scores, Scores)
    assert (scores.n, scores.match_rate, scores.rmse) == (0, 0, None)
