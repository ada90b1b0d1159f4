"""Crystals with known answers."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure


@pytest.fixture
def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        225, Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.fixture
def caesium_chloride() -> Structure:
    return Structure.from_spacegroup(
        221, Lattice.cubic(2.65), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.fixture
def magnesium() -> Structure:
    return Structure.from_spacegroup(
        194, Lattice.hexagonal(3.21, 5.21), ["Mg"], [[1 / 3, 2 / 3, 1 / 4]]
    )


@pytest.fixture
def oxygen() -> Structure:
    return Structure(Lattice.cubic(3.4), ["O", "O"], [[0, 0, 0], [0.36, 0, 0]])
