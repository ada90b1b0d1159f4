"""References: the level's own elements where it is fit for them, published ones where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dao_core.potentials import Potential, load_potential
from dao_core.references import element_references, literature_energy
from dao_core.references.elements import FIT, reference_of
from dao_core.relax import RelaxSettings


@pytest.fixture(scope="module")
def dao_p() -> Potential:
    return load_potential("dao-p")


def test_metals_stand_at_the_level_s_own_energy(dao_p: Potential) -> None:
    magnesium, iron = element_references(["Mg", "Fe"], dao_p)
    assert magnesium.own is not None
    assert magnesium.energy_per_atom == magnesium.own.energy_per_atom
    assert magnesium.structure is not None
    assert magnesium.structure.get_space_group_info()[1] == 194
    assert (magnesium.flag, magnesium.shift, iron.flag) == (None, 0.0, None)


@pytest.mark.parametrize("symbol", ["N", "F", "S", "Br"])
def test_a_molecule_that_the_potential_does_not_know_stands_at_its_published_energy(
    dao_p: Potential, symbol: str
) -> None:
    (reference,) = element_references([symbol], dao_p)
    published = literature_energy(symbol)
    assert published is not None
    assert reference.energy_per_atom == published.energy_per_atom
    assert reference.shift is not None
    assert abs(reference.shift) > FIT
    assert reference.flag is not None
    assert published.source in reference.flag
    assert dao_p.level in reference.flag


def test_an_element_without_a_known_crystal_has_its_published_energy(dao_p: Potential) -> None:
    (manganese,) = element_references(["Mn"], dao_p)
    assert manganese.energy_per_atom == pytest.approx(-9.162, abs=1e-3)
    assert manganese.structure is None
    assert "no crystal of it is known here" in str(manganese.flag)


def test_a_level_of_another_scale_has_no_published_energies(dao_p: Potential) -> None:
    (nitrogen,) = element_references(["N"], dao_p)
    assert nitrogen.own is not None
    own = reference_of("N", "some-pbe", nitrogen.own)
    assert own.energy_per_atom == nitrogen.own.energy_per_atom
    broken = reference_of("N", "some-pbe", replace(nitrogen.own, stop_reason="volume_guard"))
    assert broken.energy_per_atom is None
    assert broken.flag == "no reference of N: ended as volume_guard"


def test_under_pressure_the_reference_is_an_enthalpy_of_the_level(dao_p: Potential) -> None:
    (squeezed,) = element_references(["Al"], dao_p, RelaxSettings(pressure=20.0))
    (free,) = element_references(["Al"], dao_p)
    assert squeezed.energy_per_atom is not None
    assert free.energy_per_atom is not None
    gained = squeezed.energy_per_atom - free.energy_per_atom
    # Between p V of the free and of the squeezed crystal: 20 GPa times 13 to 16.5 angstrom^3.
    assert 1.6 < gained < 2.1
