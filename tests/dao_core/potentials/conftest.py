"""Crystals off their ideal places, so that forces and stresses are not zero."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure


@pytest.fixture(scope="module")
def crystals():
    rng = np.random.default_rng(1)
    ideal = [
        Structure.from_spacegroup(225, Lattice.cubic(4.1), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]),
        Structure.from_spacegroup(227, Lattice.cubic(5.5), ["Si"], [[0, 0, 0]]),
        Structure(Lattice.cubic(3.3), ["Ca", "Ti"], [[0, 0, 0], [0.5] * 3]),
    ]
    crystals = [structure.get_primitive_structure() for structure in ideal]
    return [
        Structure(
            Lattice(s.lattice.matrix @ (np.eye(3) + rng.normal(0, 0.02, (3, 3)))),
            s.species,
            s.frac_coords + rng.normal(0, 0.02, s.frac_coords.shape),
        )
        for s in crystals
    ]
