from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.doubt import Polymorph, ties
from dao_core.doubt.order import gap_std
from dao_core.doubt.second_opinion import second_energies
from dao_core.potentials import load_potential


def test_a_second_opinion_is_the_energy_where_the_crystal_lies() -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    crystals = [
        Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Cu"], [[0, 0, 0]])
        for a in (3.6, 3.7, 4.0)
    ]
    first, second, third = second_energies(crystals, emt)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first < second < third
    alien = Structure(Lattice.cubic(4.0), ["U"], [[0, 0, 0]])  # EMT does not know it
    assert second_energies([crystals[0], alien], emt) == [pytest.approx(first), None]


def test_disagreement_widens_the_doubt_of_a_gap() -> None:
    level = "sevennet-0-11jul2024+mp2020"

    def pair(second: float) -> list[Polymorph]:
        facts = {"is_element": False, "height": 0.0}
        return [
            Polymorph(1, "MgO", "Fm-3m", energy_per_atom=-6.0, second_energy=-5.9, **facts),
            Polymorph(2, "MgO", "P6_3mc", energy_per_atom=-5.9, second_energy=second, **facts),
        ]

    agreed, apart = pair(-5.8), pair(-6.3)
    assert gap_std(level, *agreed) < gap_std(level, *apart)
    assert ties(agreed, level) == {}
    assert ties(apart, level) == {2: 1}
