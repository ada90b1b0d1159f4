"""Crystals with known answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure


@pytest.fixture
def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        225, Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.fixture
def rutile() -> Structure:
    return Structure.from_spacegroup(
        136, Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.3053, 0.3053, 0]]
    )


@pytest.fixture
def quartz() -> Structure:
    """Chiral: its mirror image is not a rotation of it."""
    return Structure.from_spacegroup(
        152,
        Lattice.hexagonal(4.913, 5.405),
        ["Si", "O"],
        [[0.4697, 0, 1 / 3], [0.4135, 0.2669, 0.4524]],
    )


@pytest.fixture
def triclinic() -> Structure:
    return Structure(
        Lattice.from_parameters(4.1, 5.3, 6.2, 78, 84, 69),
        ["Ca", "Si", "O", "O", "O"],
        [[0, 0, 0], [0.51, 0.42, 0.47], [0.2, 0.7, 0.8], [0.61, 0.1, 0.33], [0.8, 0.52, 0.11]],
    )


@pytest.fixture(scope="session")
def public_structures(shared: Path) -> list[Structure]:
    """The first hundred structures of the public validation set."""
    with gzip.open(shared / "data" / "validation" / "public_val.json.gz") as file:
        records = json.load(file)["records"][:100]
    return [
        Structure(Lattice(r["lattice"]), r["atomic_numbers"], r["frac_coords"]) for r in records
    ]
