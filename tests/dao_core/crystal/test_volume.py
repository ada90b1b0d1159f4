"""Volumes from bond lengths: pymatgen's answer, sooner; and an answer where it has none."""

from __future__ import annotations

import numpy as np
import pytest
from ase.data import covalent_radii
from pymatgen.analysis.prototypes import AFLOW_PROTOTYPE_LIBRARY
from pymatgen.core import Lattice, Structure
from pymatgen.core.structure_prediction.volume_predictor import DLSVolumePredictor

from dao_core.crystal.volume import LEAST_OF_SPHERES, SPHERES_TO_VOLUME, rescaled

PROTOTYPES = [
    structure
    for structure in (entry["snl"].structure for entry in AFLOW_PROTOTYPE_LIBRARY[::9])
    if all(element.atomic_radius for element in structure.elements)
]


@pytest.mark.parametrize("structure", PROTOTYPES, ids=lambda s: s.composition.reduced_formula)
def test_the_volume_is_that_of_data_mined_lattice_scaling(structure: Structure) -> None:
    expected = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(structure)
    assert rescaled(structure).volume == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [0.1, 1.0, 3.0])
def test_the_volume_given_does_not_matter(size: float) -> None:
    rutile = next(s for s in PROTOTYPES if len(s) > 3)
    scaled = rutile.copy()
    scaled.scale_lattice(size * rutile.volume)
    assert rescaled(scaled).volume == pytest.approx(rescaled(rutile).volume, rel=1e-9)


def test_unlike_atoms_far_apart_can_decide() -> None:
    """Two H near each other, two Cs further apart: the Cs are the ones that are too close."""
    cell = Lattice.orthorhombic(9.0, 9.0, 2.0)
    crystal = Structure(cell, ["H", "Cs"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    expected = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(crystal)
    assert rescaled(crystal).volume == pytest.approx(expected, rel=1e-9)


def test_an_element_without_bond_lengths_gets_the_volume_of_its_spheres() -> None:
    neon = Structure(Lattice.cubic(4.0), ["Ne"], [[0, 0, 0]])
    spheres = 4 / 3 * np.pi * covalent_radii[10] ** 3
    assert rescaled(neon).volume == pytest.approx(SPHERES_TO_VOLUME * spheres)


def _packed(symbol: str) -> Structure:
    cell = Lattice.hexagonal(3.0, 4.9)
    return Structure(cell, [symbol, symbol], [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])


def test_the_bonds_of_molecules_do_not_squeeze_a_close_packing() -> None:
    """CHGNet has the lowest energy of close-packed O at 8.2 cubic angstrom per atom."""
    mined = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(_packed("O"))
    assert mined < 2 * 1.0
    assert 2 * 3.0 < rescaled(_packed("O")).volume < 2 * 8.2


def test_as_many_neighbours_as_electrons_to_pair_keep_their_bonds() -> None:
    diamond = next(s for s in PROTOTYPES if s.composition.reduced_formula == "C" and len(s) == 2)
    expected = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(diamond)
    assert rescaled(diamond).volume == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("symbol", ["Mg", "B", "Sb", "Po"])
def test_what_shares_its_electrons_otherwise_keeps_its_mined_lengths(symbol: str) -> None:
    expected = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(_packed(symbol))
    assert rescaled(_packed(symbol)).volume == pytest.approx(expected, rel=1e-9)


def test_compounds_keep_their_mined_lengths() -> None:
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.2), ["N", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    expected = DLSVolumePredictor(min_scaling=None, max_scaling=None).predict(rocksalt)
    assert rescaled(rocksalt).volume == pytest.approx(expected, rel=1e-9)


def test_no_crystal_is_denser_than_the_densest_known() -> None:
    dense = Structure(Lattice.cubic(2.0), ["O", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    spheres = 4 / 3 * np.pi * (covalent_radii[8] ** 3 + covalent_radii[9] ** 3)
    assert rescaled(dense).volume >= LEAST_OF_SPHERES * spheres * (1 - 1e-9)
