from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.deduplication import deduplicate, same_crystal


def rattled(structure: Structure, size: float, seed: int = 0) -> Structure:
    noise = np.random.default_rng(seed).normal(scale=size, size=(len(structure), 3))
    return Structure(
        structure.lattice,
        structure.species,
        structure.cart_coords + noise,
        coords_are_cartesian=True,
    )


def swollen(structure: Structure, factor: float) -> Structure:
    copy = structure.copy()
    copy.scale_lattice(structure.volume * factor)
    return copy


def test_repeats_are_found_and_others_kept(
    rocksalt: Structure, rutile: Structure, quartz: Structure
) -> None:
    supercell = rattled(rocksalt.make_supercell([1, 1, 2], in_place=False), 0.01)
    groups = deduplicate([rocksalt, rutile, supercell, quartz, swollen(rutile, 1.01)])
    assert groups.representative == (0, 1, 0, 3, 1)
    assert groups.unique == (0, 1, 3)


def test_the_lowest_energy_stands_for_its_crystal(rocksalt: Structure) -> None:
    groups = deduplicate([rattled(rocksalt, 0.01), rocksalt], [-3.000, -3.004])
    assert groups.representative == (1, 1)


def test_energy_tells_alike_structures_apart(rocksalt: Structure) -> None:
    assert deduplicate([rocksalt, rocksalt.copy()], [-3.0, -2.9]).unique == (0, 1)


def test_energy_decides_whether_a_space_group_is_noise(rocksalt: Structure) -> None:
    noisy = rattled(rocksalt, 0.06)
    assert deduplicate([rocksalt, noisy], [-3.0, -2.9995]).unique == (0,)
    assert deduplicate([rocksalt, noisy], [-3.0, -2.99]).unique == (0, 1)


def test_without_energies_closeness_decides_whether_a_space_group_is_noise(
    rocksalt: Structure, quartz: Structure
) -> None:
    assert same_crystal(quartz, rattled(quartz, 0.02))
    tetragonal = rocksalt.copy()
    tetragonal.apply_strain([0.08, 0, 0])
    assert not same_crystal(rocksalt, tetragonal)


def test_expanded_crystal_is_another_one(rocksalt: Structure) -> None:
    assert not same_crystal(rocksalt, swollen(rocksalt, 1.2))
    assert same_crystal(rocksalt, swollen(rocksalt, 1.02))


def test_polymorphs_are_not_merged() -> None:
    zincblende = Structure.from_spacegroup(
        216, Lattice.cubic(5.41), ["Zn", "S"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )
    wurtzite = Structure.from_spacegroup(
        186,
        Lattice.hexagonal(3.82, 6.26),
        ["Zn", "S"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.3748]],
    )
    assert not same_crystal(zincblende, wurtzite)


def test_result_does_not_depend_on_order_where_energies_differ(
    rocksalt: Structure, rutile: Structure
) -> None:
    structures = [rattled(rocksalt, 0.01, 1), rocksalt, rutile, rattled(rocksalt, 0.01, 2)]
    energies = [-3.001, -3.003, -5.0, -3.002]
    forward = deduplicate(structures, energies).unique
    backward = deduplicate(structures[::-1], energies[::-1]).unique
    assert {energies[i] for i in forward} == {energies[::-1][i] for i in backward} == {-3.003, -5.0}


def test_nothing_gives_nothing() -> None:
    assert deduplicate([]).unique == ()


@pytest.mark.parametrize("name", ["rocksalt", "rutile", "quartz", "triclinic"])
def test_every_crystal_is_itself(request: pytest.FixtureRequest, name: str) -> None:
    structure = request.getfixturevalue(name)
    assert same_crystal(structure, rattled(structure, 0.005))
