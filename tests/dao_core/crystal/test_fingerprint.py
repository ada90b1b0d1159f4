from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Structure

from dao_core.crystal.fingerprint import fingerprint, fingerprint_distance


def test_rocksalt_has_six_neighbours_at_half_the_cell(rocksalt: Structure) -> None:
    found = fingerprint(rocksalt, neighbours=7)
    unit = (rocksalt.volume / 8) ** (1 / 3)
    assert found.shape == (2, 7)
    assert found[:, :6] == pytest.approx(4.212 / 2 / unit)
    assert found[:, 6] == pytest.approx(4.212 / np.sqrt(2) / unit)


@pytest.mark.parametrize("name", ["rutile", "quartz", "triclinic"])
def test_fingerprint_does_not_depend_on_the_cell(request: pytest.FixtureRequest, name: str) -> None:
    structure = request.getfixturevalue(name)
    other = structure.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 2]], in_place=False)
    other.translate_sites(range(len(other)), [0.1, 0.2, 0.3])
    other.scale_lattice(other.volume * 2)
    assert fingerprint_distance(fingerprint(structure), fingerprint(other)) < 1e-6


def test_moving_the_atoms_changes_it_by_at_most_twice_as_much(quartz: Structure) -> None:
    moved = quartz.copy()
    moved.perturb(0.05)
    unit = (quartz.volume / len(quartz)) ** (1 / 3)
    distance = fingerprint_distance(fingerprint(quartz), fingerprint(moved)) * unit
    assert 0 < distance <= 0.1


def test_other_crystals_are_far(rocksalt: Structure, rutile: Structure, quartz: Structure) -> None:
    assert fingerprint_distance(fingerprint(rutile), fingerprint(quartz)) > 0.1
    single = rocksalt.copy()
    single.remove_species(["O"])
    assert fingerprint_distance(fingerprint(rocksalt), fingerprint(single)) == float("inf")
