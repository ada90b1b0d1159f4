from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Composition

from dao_core.errors import InputError, LevelMismatchError
from dao_core.hull import PhaseEntry
from dao_core.learning.formation import ElementEnergies, fractions
from dao_core.learning.kernel import Hyperparameters
from dao_core.learning.leave_one_out import LeaveOneOut
from dao_core.learning.residual import Labels, believe
from dao_core.learning.traits import disputes
from tests.dao_core.learning.systems import VALUES, labels, traits, truth


def test_labels_bring_the_rest_nearer_to_the_truth_and_are_themselves_exact() -> None:
    seen = traits(60)
    energies = seen.formation + 0.2  # the shift of a foreign level
    belief = believe(seen, labels([0, 7, 20, 33], energies), VALUES)
    rest = ~belief.labelled
    assert np.abs(belief.mean - energies)[rest].mean() < 0.06
    assert np.array_equal(belief.mean[[0, 7, 20, 33]], energies[[0, 7, 20, 33]])
    assert belief.std[belief.labelled].max() == 0
    assert np.ptp(belief.draws(8, 0)[:, belief.labelled], axis=0).max() == 0


def test_intervals_hold_the_share_that_they_promise() -> None:
    inside = {0.5: [], 0.9: []}
    for seed in range(12):
        seen = traits(60, seed)
        energies = truth(seen, 100 + seed)
        belief = believe(seen, labels(list(range(0, 60, 4)), energies), VALUES)
        rest = ~belief.labelled
        for share, found in inside.items():
            low, high = belief.interval(share)
            found.append(((low <= energies) & (energies <= high))[rest].mean())
    for share, found in inside.items():
        assert abs(np.mean(found) - share) < 0.1


def test_no_label_leaves_the_surrogate_as_it_is() -> None:
    seen = traits(20)
    belief = believe(seen, Labels.none(), VALUES)
    assert np.allclose(belief.mean, seen.formation)
    assert not belief.labelled.any()
    assert belief.std.min() > 0.03


def test_one_label_moves_its_neighbours_by_less_than_itself() -> None:
    seen = traits(20)
    belief = believe(seen, labels([3], seen.formation + 0.1), VALUES)
    moved = (belief.mean - seen.formation)[~belief.labelled]
    assert 0 < moved.mean() < 0.1


def test_a_wrong_label_is_set_aside_and_wrecks_nothing() -> None:
    seen = traits(60)
    energies = truth(seen, 1)
    rows = list(range(0, 60, 5))
    good = believe(seen, labels(rows, energies), VALUES)
    energies[10] -= 1.0
    damaged = believe(seen, labels(rows, energies), VALUES)
    assert damaged.outliers == (10,)
    assert not damaged.labelled[10]
    rest = ~good.labelled
    assert np.abs(damaged.mean - good.mean)[rest].max() < 0.05
    assert abs(damaged.mean[10] - energies[10]) > 0.7


def test_a_level_that_differs_by_an_electronvolt_everywhere_has_no_outliers() -> None:
    seen = traits(40)
    belief = believe(seen, labels([0, 5, 10, 15, 20, 25], seen.formation + 0.6), VALUES)
    assert belief.outliers == ()


def test_labels_of_one_composition_leave_others_in_doubt() -> None:
    seen = traits(60)
    same = np.flatnonzero((seen.fractions == seen.fractions[0]).all(axis=1))
    belief = believe(seen, labels(same.tolist(), seen.formation + 0.1), VALUES)
    assert np.isfinite(belief.mean).all()
    assert belief.std[~belief.labelled].min() > 0.02


def test_a_repeated_label_counts_once_and_the_lowest() -> None:
    seen = traits(30)
    once = believe(seen, labels([4, 9], seen.formation + 0.1), VALUES)
    rows = np.array([4, 4, 9, 9])
    several = Labels(rows, seen.formation[rows] + [0.1, 0.15, 0.1, 0.12], np.zeros(4))
    twice = believe(seen, several, VALUES)
    assert np.allclose(once.mean, twice.mean)
    assert np.allclose(once.covariance, twice.covariance)


def test_scatter_that_nothing_explains_shrinks_the_learned_part() -> None:
    rng = np.random.default_rng(0)
    place = np.linspace(0, 1, 40)
    covariance = 0.01 * np.exp(-(((place[:, None] - place) / 0.1) ** 2))
    scatter = rng.normal(0, 0.03, 40)
    scattered = LeaveOneOut(covariance, np.full(40, 0.03), scatter)
    smooth = LeaveOneOut(covariance, np.full(40, 0.03), 0.15 * np.sin(9 * place) + scatter)
    assert scattered.best_scales[0] < smooth.best_scales[0]


def test_leaving_one_out_in_closed_form_is_leaving_one_out() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    covariance, own, values = root @ root.T, np.full(6, 0.5), rng.normal(size=6)
    found = LeaveOneOut(covariance, own, values).at(1.5, 0.7)
    rest = np.arange(1, 6)
    noisy = 1.5**2 * covariance + 0.7**2 * np.diag(own**2)
    weights = np.linalg.solve(noisy[np.ix_(rest, rest)], noisy[rest, 0])
    assert found.error[0] == pytest.approx(values[0] - weights @ values[rest])
    assert found.std[0] ** 2 == pytest.approx(noisy[0, 0] - weights @ noisy[rest, 0])


def test_five_hundred_labels_take_less_than_a_second() -> None:
    seen = traits(600, elements=3)
    energies = seen.formation + 0.1
    begun = time.process_time()
    believe(seen, labels(list(range(500)), energies), VALUES)
    assert time.process_time() - begun < 1.0


def test_labels_without_a_number_or_a_crystal_are_refused() -> None:
    seen = traits(5)
    with pytest.raises(InputError, match="finite"):
        believe(seen, Labels(np.array([1]), np.array([np.nan]), np.zeros(1)), VALUES)
    with pytest.raises(InputError, match="none of the 5"):
        believe(seen, Labels(np.array([7]), np.array([0.0]), np.zeros(1)), VALUES)


def test_shipped_hyperparameters_are_those_of_systems_that_judge_nothing() -> None:
    assert Hyperparameters.shipped().shift > 0


def test_formation_energies_are_against_the_lowest_elements_of_the_level() -> None:
    entries = [
        PhaseEntry(Composition("Mg"), -1.0, "qe"),
        PhaseEntry(Composition("Mg"), -1.5, "qe"),
        PhaseEntry(Composition("O2"), -4.0, "qe"),
    ]
    elements = ElementEnergies.among(entries)
    assert elements.formation([Composition("MgO")], [-5.75]) == pytest.approx([-3.0])
    assert fractions([Composition("MgO2")], elements.symbols)[0] == pytest.approx([1 / 3, 2 / 3])


def test_levels_are_not_mixed_and_missing_elements_are_named() -> None:
    compound = PhaseEntry(Composition("MgO"), -5.0, "qe")
    with pytest.raises(InputError, match="lack the element O;"):
        ElementEnergies.among([compound, PhaseEntry(Composition("Mg"), -1.0, "qe")])
    with pytest.raises(LevelMismatchError, match="chgnet, qe"):
        ElementEnergies.among([compound, PhaseEntry(Composition("Mg"), -1.0, "chgnet")])


def test_labels_show_which_of_two_surrogates_is_right() -> None:
    seen = traits(40, seed=3)
    dispute = np.random.default_rng(4).normal(0, 0.1, len(seen))
    disputed = replace(seen, dispute=dispute)
    few, rest = list(range(12)), slice(12, None)
    for right in (0.0, 1.0):  # the first surrogate, the second
        energies = seen.formation + right * dispute
        belief = believe(disputed, labels(few, energies), VALUES)
        assert np.abs(belief.mean - energies)[rest].mean() < 0.5 * np.abs(dispute).mean()


def test_a_shift_between_elements_is_no_dispute() -> None:
    seen = traits(20)
    shifted = seen.formation + seen.fractions @ np.array([0.3, -1.0])
    assert disputes(seen.fractions, seen.formation, shifted) == pytest.approx(np.zeros(20))
    refused = np.where(np.arange(20) == 3, np.nan, shifted)
    assert disputes(seen.fractions, seen.formation, refused) == pytest.approx(np.zeros(20))
