"""References: the level's own elements where it is fit for them, published ones where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.potentials import Potential, load_potential
from dao_core.references import element_references, literature_energy
from dao_core.references.elements import FIT, reference_of
from dao_core.relax import RelaxSettings, relax


@pytest.fixture(scope="module")
def dao_p() -> Potential:
    return load_potential("dao-p")


def test_metals_stand_at_the_level_s_own_energy(dao_p: Potential) -> None:
    magnesium, iron = element_references(["Mg", "Fe"], dao_p)
    assert magnesium.own is not None
    assert magnesium.energy_per_atom == magnesium.own.energy_per_atom
    assert magnesium.own.structure is not None
    assert magnesium.own.structure.get_space_group_info()[1] == 194
    assert (magnesium.flag, magnesium.shift, iron.flag) == (None, 0.0, None)


@pytest.mark.parametrize("symbol", ["N", "F", "S", "Br"])
def test_a_molecule_that_the_potential_does_not_know_stands_at_its_published_energy(
    dao_p: Potential, symbol: str
) -> None:
    (reference,) = element_references([symbol], dao_p)
    published = literature_energy(symbol)
    assert published is not None
    assert reference.energy_per_atom == published.energy_per_atom
    assert abs(reference.shift) > FIT
    assert reference.own is not None
    assert reference.own.energy_per_atom is not None
    # A crystal of the level is measured from the level's own ground state, not from the table.
    assert reference.height(reference.own.energy_per_atom - 0.02) == pytest.approx(-0.02)
    assert reference.flag is not None
    assert published.source in reference.flag
    assert dao_p.level in reference.flag


def test_an_element_without_a_known_crystal_has_its_published_energy(dao_p: Potential) -> None:
    (manganese,) = element_references(["Mn"], dao_p)
    assert manganese.energy_per_atom == pytest.approx(-9.162, abs=1e-3)
    assert manganese.own is None
    assert manganese.height(-9.0) == pytest.approx(0.162, abs=1e-3)
    assert "no crystal of it is known here" in str(manganese.flag)


def test_a_level_of_another_scale_has_no_published_energies(dao_p: Potential) -> None:
    (nitrogen,) = element_references(["N"], dao_p)
    assert nitrogen.own is not None
    own = reference_of("N", "some-pbe", nitrogen.own)
    assert own.energy_per_atom == nitrogen.own.energy_per_atom
    broken = reference_of("N", "some-pbe", replace(nitrogen.own, stop_reason="volume_guard"))
    assert broken.energy_per_atom is None
    assert broken.flag == "no reference of N: its crystal ended as volume_guard"
    assert broken.height(-8.0) is None


def test_under_pressure_the_reference_is_an_enthalpy_of_the_level(dao_p: Potential) -> None:
    (squeezed,) = element_references(["Al"], dao_p, RelaxSettings(pressure=20.0))
    (free,) = element_references(["Al"], dao_p)
    assert squeezed.energy_per_atom is not None
    assert free.energy_per_atom is not None
    gained = squeezed.energy_per_atom - free.energy_per_atom
    # Between p V of the free and of the squeezed crystal: 20 GPa times 13 to 16.5 angstrom^3.
    assert 1.6 < gained < 2.1


def test_sevennet_has_formation_energies_on_the_scale_of_its_level() -> None:
    pytest.importorskip("sevenn")
    potential = load_potential("sevennet-0", "cpu")
    assert potential.level.endswith("+mp2020")
    magnesium, oxygen = element_references(["Mg", "O"], potential)
    assert magnesium.flag is None
    assert abs(oxygen.shift) < 0.08  # it knows oxygen, if not its crystal
    crystal = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.24), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]
    ).get_primitive_structure()
    (oxide,) = relax([crystal], potential)
    elements = (magnesium.energy_per_atom + oxygen.energy_per_atom) / 2
    # Experiment, -601.6 kJ/mol, is -3.12 eV/atom; raw PBE has -2.7.
    assert oxide.energy_per_atom - elements == pytest.approx(-3.08, abs=0.08)
