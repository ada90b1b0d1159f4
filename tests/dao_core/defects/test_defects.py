"""Point defects: how many distinct ones there are, and EMT's vacancy of copper."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.defects import antisites, defect_energies, interstitials, vacancies
from dao_core.defects.point_defects import supercell
from dao_core.errors import InputError
from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings, relax

ROCKSALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
).get_primitive_structure()
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])


def test_distinct_vacancies_and_antisites_of_rocksalt() -> None:
    perfect = supercell(ROCKSALT, 6.0)
    missing = vacancies(ROCKSALT, 6.0)
    assert sorted(defect.name for defect in missing) == ["vac_Mg", "vac_O"]
    assert all(len(defect.structure) == len(perfect) - 1 for defect in missing)
    swapped = antisites(ROCKSALT, 6.0)
    assert sorted(defect.name for defect in swapped) == ["Mg_on_O", "O_on_Mg"]
    assert sum(swapped[0].added.values()) == 0


def test_the_voids_of_silicon_are_the_tetrahedral_and_the_hexagonal_one() -> None:
    silicon = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
    tetrahedral, hexagonal = interstitials(silicon.get_primitive_structure(), "H", 6.0)
    for defect, neighbours, distance in ((tetrahedral, 4, 2.351), (hexagonal, 6, 2.251)):
        void = defect.structure[-1]
        near = [n.nn_distance for n in defect.structure.get_neighbors(void, distance + 0.1)]
        assert near == pytest.approx([distance] * neighbours, abs=0.02)
    with pytest.raises(InputError, match="not an element"):
        interstitials(ROCKSALT, "Xx")


def test_the_vacancy_of_copper() -> None:
    """Experiment and PBE: about 1.1-1.3 eV (Ehrhart 1991); EMT lies at its lower end."""
    emt = load_potential("ase:ase.calculators.emt:EMT")
    (bulk,) = relax([COPPER], emt, RelaxSettings(fix_symmetry=True))
    assert bulk.energy_per_atom is not None
    perfect = supercell(bulk.structure, 7.0)
    found = defect_energies(
        perfect, vacancies(bulk.structure, 7.0), {"Cu": bulk.energy_per_atom}, emt
    )
    assert [defect.name for defect in found] == ["vac_Cu"]
    assert found[0].formation_energy == pytest.approx(1.1, abs=0.3)
    assert len(found[0].structure) == 31


def test_a_missing_chemical_potential_is_named() -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    with pytest.raises(InputError, match="chemical potential of Cu"):
        defect_energies(supercell(COPPER, 7.0), vacancies(COPPER, 7.0), {}, emt)
