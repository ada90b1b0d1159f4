"""Crystals with obvious answers."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure


def cubic(number: int, a: float, species: list[str], sites: list[list[float]]) -> Structure:
    return Structure.from_spacegroup(number, Lattice.cubic(a), species, sites)


@pytest.fixture(scope="session")
def rocksalt() -> Structure:
    return cubic(225, 4.2, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.fixture(scope="session")
def zincblende() -> Structure:
    return cubic(216, 4.6, ["Mg", "O"], [[0, 0, 0], [0.25, 0.25, 0.25]])


@pytest.fixture(scope="session")
def caesium_chloride() -> Structure:
    return cubic(221, 2.6, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.fixture(scope="session")
def diamond() -> Structure:
    return cubic(227, 5.43, ["Si"], [[0, 0, 0]])
