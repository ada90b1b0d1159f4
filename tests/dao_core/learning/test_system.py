from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.doubt.second_opinion import second_energies
from dao_core.learning.formation import ElementEnergies
from dao_core.learning.system import ChemicalSystem, SystemCrystal
from dao_core.predictor import PredictorPotential, load_predictor

MINE = {"Mg": -1.5, "O": -4.9}
THEIRS = ElementEnergies("qe-pbe", {"Mg": -450.0, "O": -430.0})


@pytest.fixture(scope="module")
def predictor() -> PredictorPotential:
    return load_predictor()


def mine(predictor: PredictorPotential) -> ElementEnergies:
    return ElementEnergies(predictor.level, MINE)


def crystal(length: float, energy: float, **facts: object) -> SystemCrystal:
    """MgO in the CsCl structure."""
    structure = Structure(Lattice.cubic(length), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return SystemCrystal(structure, energy, **facts)  # type: ignore[arg-type]


def test_labels_turn_the_order_and_say_at_which_level(predictor: PredictorPotential) -> None:
    both = [crystal(2.6, -6.20, energy_std=0.05), crystal(3.0, -6.19, energy_std=0.05)]
    before = ChemicalSystem(both, mine(predictor), None, predictor)
    assert before.level == predictor.level
    assert before.next_labels(1) == [0]
    labelled = [
        crystal(2.6, -6.20, energy_std=0.05, label=-440.0 - 2.9),
        crystal(3.0, -6.19, energy_std=0.05, label=-440.0 - 3.0),
    ]
    after = ChemicalSystem(labelled, mine(predictor), THEIRS, predictor)
    assert after.level == f"{predictor.level}+labels(qe-pbe)"
    first, second = after.heights()
    assert first.energy_above_hull == pytest.approx(0.1)
    assert (second.energy_above_hull, second.std, second.chance) == (0.0, 0.0, 1.0)
    assert after.still_to_find().enough
    assert after.next_labels(2) == []


def test_dao_p_is_a_second_opinion_on_what_another_potential_ranks(
    predictor: PredictorPotential,
) -> None:
    both = [crystal(2.6, -6.2), crystal(2.75, -6.2)]
    seven = ElementEnergies("sevennet-0+mp2020", MINE)
    system = ChemicalSystem(both, seven, None, predictor)
    assert system.level == f"sevennet-0+mp2020+second({predictor.level})"
    apart = np.subtract(*second_energies([one.structure for one in both], predictor))
    assert np.subtract(*system.traits.dispute) == pytest.approx(apart, abs=1e-6)
    lower = int(apart > 0)  # of equal energies the one that DAO-P has lower comes first
    assert system.next_labels(1) == [lower]
    alone = ChemicalSystem(both, mine(predictor), None, predictor)
    assert not alone.traits.dispute.any()


def test_what_failed_is_not_asked_for_again(predictor: PredictorPotential) -> None:
    both = [crystal(2.6, -6.2, barred=True), crystal(3.0, -6.1)]
    assert ChemicalSystem(both, mine(predictor), None, predictor).next_labels(2) == [1]
