from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition

from dao_core.hull import PhaseEntry, energies_above_hull
from dao_core.learning.acquisition import (
    Acquisition,
    Greedy,
    HullSampling,
    LabelCandidates,
    RandomChoice,
    StabilityChance,
    choose,
)
from dao_core.learning.remaining import still_to_find
from dao_core.learning.residual import Labels, believe
from dao_core.learning.sampled_hulls import drawn_heights
from dao_core.learning.statics import Drop, next_kind
from dao_core.learning.traits import Traits
from tests.dao_core.learning.systems import VALUES, labels, traits

ALL = (HullSampling(), StabilityChance(), Greedy(), RandomChoice())


def candidates(seen: Traits, known: Labels | None = None, **changes: object) -> LabelCandidates:
    """All open, new, of one price and unlike each other."""
    belief = believe(seen, known or Labels.none(), VALUES)
    rest: dict[str, object] = {
        "cost": np.ones(len(seen)),
        "worth": np.ones(len(seen)),
        "fingerprints": [np.full((1, 1), float(i)) for i in range(len(seen))],
        "open": ~belief.labelled,
    }
    return LabelCandidates(seen, belief, **(rest | changes))  # type: ignore[arg-type]


def three(formation: list[float], doubt: float = 0.02) -> Traits:
    """Crystals of AB with given formation energies."""
    number = len(formation)
    return Traits(
        np.full((number, 2), 0.5),
        np.zeros((number, 1)),
        np.array(formation),
        np.full(number, doubt),
    )


def test_heights_are_those_of_pymatgen() -> None:
    seen = traits(40, elements=3)
    found = drawn_heights(seen.fractions, seen.formation[None])[0]
    symbols = ("Li", "Fe", "P")
    compositions = [Composition(dict(zip(symbols, row, strict=True))) for row in seen.fractions]
    entries = [PhaseEntry(c, e, "x") for c, e in zip(compositions, seen.formation, strict=True)]
    elements = [PhaseEntry(Composition(symbol), 0.0, "x") for symbol in symbols]
    assert found == pytest.approx(energies_above_hull(entries, elements), abs=1e-6)


def test_a_hull_of_nothing_below_the_elements_is_the_elements() -> None:
    heights = drawn_heights(np.array([[0.5, 0.5]]), np.array([[0.2], [-0.1]]))
    assert heights == pytest.approx(np.array([[0.2], [0.0]]))


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_every_rule_chooses_open_crystals_once_and_the_same_each_time(rule: Acquisition) -> None:
    seen = candidates(traits(30), labels([0, 1, 2], traits(30).formation))
    chosen = choose(rule, seen, 8, seed=3)
    assert chosen == choose(rule, seen, 8, seed=3)
    assert len(set(chosen)) == 8
    assert not {0, 1, 2} & set(chosen)


def test_a_cheap_crystal_beats_a_dear_one_of_the_same_chance() -> None:
    seen = three([-1.0, -1.0, -0.5])
    dear_first = candidates(seen, cost=np.array([10.0, 1.0, 0.1]))
    assert choose(HullSampling(), dear_first, 1) == [1]


def test_a_far_crystal_is_not_worth_its_low_price() -> None:
    seen = three([-1.0, -0.5])
    assert choose(HullSampling(), candidates(seen, cost=np.array([30.0, 1.0])), 1) == [0]


def test_a_phase_far_below_its_rivals_is_chosen_before_one_just_on_the_hull() -> None:
    """Both lie on the surrogate's hull; clipped heights cannot tell them apart."""
    seen = Traits(
        np.array([[0.5, 0.5], [0.75, 0.25]]), np.zeros((2, 1)), np.array([-1.0, -0.501]),
        np.full(2, 0.05),
    )  # fmt: skip
    assert choose(HullSampling(), candidates(seen), 1) == [0]


def test_a_label_below_takes_the_chance_of_what_lies_above_it() -> None:
    seen = three([-1.0, -0.99])
    before = HullSampling().scores(candidates(seen), 0)
    after = HullSampling().scores(candidates(seen, labels([0], seen.formation - 0.1)), 0)
    assert after[1] < before[1]


def test_near_repeats_of_chosen_and_labelled_crystals_are_passed_over() -> None:
    seen = three([-1.05, -1.0, -0.95])
    prints = [np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))]
    assert choose(HullSampling(), candidates(seen, fingerprints=prints), 3) == [0, 2]
    labelled = candidates(seen, labels([0], seen.formation), fingerprints=prints)
    assert choose(HullSampling(), labelled, 3) == [2]


def test_what_was_known_before_gives_way_to_something_new() -> None:
    seen = three([-1.0, -1.0])
    assert choose(HullSampling(), candidates(seen, worth=np.array([0.5, 1.0])), 1) == [1]


def test_the_rule_of_before_spreads_over_compositions() -> None:
    fractions = np.array([[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]])
    seen = Traits(fractions, np.zeros((3, 1)), np.array([-1.0, -0.999, -0.51]), np.full(3, 0.03))
    assert choose(StabilityChance(), candidates(seen), 2) == [0, 2]


def test_statics_come_first_then_the_best_two_are_relaxed() -> None:
    kinds, statics, relaxed = [], 0, 0
    for _ in range(14):
        kind = next_kind(statics, relaxed)
        kinds.append(kind)
        statics, relaxed = statics + (kind == "static"), relaxed + (kind == "relaxation")
    assert kinds == (["static"] * 5 + ["relaxation"] * 2) * 2
    assert next_kind(3, 0, candidates=False) == "relaxation"


def test_drops_are_learned_from_relaxations() -> None:
    assert Drop.seen([]).mean == pytest.approx(Drop().mean)
    assert Drop.seen([0.05] * 30).mean == pytest.approx(0.05, abs=0.005)
    assert Drop.seen([0.0, 0.1] * 10).spread > 0.03


def test_what_is_left_falls_as_labels_come() -> None:
    seen = traits(40)
    none = still_to_find(seen.fractions, believe(seen, Labels.none(), VALUES))
    every = still_to_find(
        seen.fractions, believe(seen, labels(list(range(40)), seen.formation), VALUES)
    )
    assert none.expected > 1
    assert none.low <= none.expected <= none.high
    assert every.expected == 0
    assert every.enough
    assert str(every) == "0.0 [0-0]"
