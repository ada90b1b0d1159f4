from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.learning.formation import ElementEnergies
from dao_core.learning.system import ChemicalSystem, SystemCrystal
from dao_core.predictor import PredictorPotential, load_predictor

MINE = ElementEnergies("dao-p@1", {"Mg": -1.5, "O": -4.9})
THEIRS = ElementEnergies("qe-pbe", {"Mg": -450.0, "O": -430.0})


@pytest.fixture(scope="module")
def predictor() -> PredictorPotential:
    return load_predictor()


def crystal(length: float, energy: float, **facts: object) -> SystemCrystal:
    """MgO in the CsCl structure."""
    structure = Structure(Lattice.cubic(length), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return SystemCrystal(structure, energy, **facts)  # type: ignore[arg-type]


def test_labels_turn_the_order_and_say_at_which_level(predictor: PredictorPotential) -> None:
    both = [crystal(2.6, -6.20, energy_std=0.05), crystal(3.0, -6.19, energy_std=0.05)]
    before = ChemicalSystem(both, MINE, None, predictor)
    assert before.level == "dao-p@1"
    assert before.next_labels(1) == [0]
    labelled = [
        crystal(2.6, -6.20, energy_std=0.05, label=-440.0 - 2.9),
        crystal(3.0, -6.19, energy_std=0.05, label=-440.0 - 3.0),
    ]
    after = ChemicalSystem(labelled, MINE, THEIRS, predictor)
    assert after.level == "dao-p@1+labels(qe-pbe)"
    first, second = after.heights()
    assert first.energy_above_hull == pytest.approx(0.1)
    assert (second.energy_above_hull, second.std, second.chance) == (0.0, 0.0, 1.0)
    assert after.still_to_find().enough
    assert after.next_labels(2) == []


def test_what_failed_is_not_asked_for_again(predictor: PredictorPotential) -> None:
    both = [crystal(2.6, -6.2, barred=True), crystal(3.0, -6.1)]
    assert ChemicalSystem(both, MINE, None, predictor).next_labels(2) == [1]
