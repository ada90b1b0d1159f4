"""Surface energies: EMT copper in the order of packing, CHGNet's MgO(001) against PBE."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.potentials import load_potential
from dao_core.surfaces import surface_energies

COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
ROCKSALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.21), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)


def test_the_close_packed_face_of_copper_is_lowest() -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    (dense,) = surface_energies(COPPER, (1, 1, 1), emt, 8.0, 8.0)
    (open_,) = surface_energies(COPPER, (1, 1, 0), emt, 8.0, 8.0)
    assert dense.surface_energy is not None
    assert open_.surface_energy is not None
    assert 0.3 < dense.surface_energy < open_.surface_energy
    assert dense.unrelaxed is not None
    assert dense.surface_energy <= dense.unrelaxed


def test_polar_faces_have_no_energy_and_say_why() -> None:
    chgnet = load_potential("chgnet")
    polar = surface_energies(ROCKSALT, (1, 1, 1), chgnet, 6.0, 6.0)
    assert all(face.surface_energy is None for face in polar)
    assert all(face.note for face in polar)


def test_magnesia_001_against_pbe() -> None:
    """Cleavage: 1.04 (Jura and Garland 1952) to 1.2 J/m^2; PBE about 0.9, CHGNet 0.90."""
    (face,) = surface_energies(ROCKSALT, (1, 0, 0), load_potential("chgnet"), 8.0, 10.0)
    assert face.slab is not None
    assert face.slab.lattice.c > 16
    assert face.surface_energy == pytest.approx(0.90, abs=0.05)


def test_wrong_input_is_refused() -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    with pytest.raises(InputError, match="not zero"):
        surface_energies(COPPER, (0, 0, 0), emt)
    with pytest.raises(InputError, match="could not be relaxed"):
        surface_energies(ROCKSALT, (1, 0, 0), emt)
