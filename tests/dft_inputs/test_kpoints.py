from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dft_inputs.kpoints import mesh_from_distance

lengths = st.floats(2.0, 20.0)


def test_mesh_of_silicon_at_the_fast_distance(silicon: Structure) -> None:
    # 2 pi sqrt(3) / 5.43 = 2.004 per angstrom over 0.30 is 6.7.
    assert mesh_from_distance(silicon.get_primitive_structure(), 0.30) == (7, 7, 7)


@settings(max_examples=50, deadline=None)
@given(a=lengths, b=lengths, c=lengths, distance=st.floats(0.05, 1.0))
def test_no_two_points_are_further_apart_than_the_distance(
    a: float, b: float, c: float, distance: float
) -> None:
    crystal = Structure(Lattice.orthorhombic(a, b, c), ["Si"], [[0, 0, 0]])
    mesh = np.array(mesh_from_distance(crystal, distance))
    spacing = np.array(crystal.lattice.reciprocal_lattice.abc) / mesh
    assert (spacing <= distance * (1 + 1e-5)).all()
    assert ((mesh == 1) | (spacing * mesh / np.maximum(mesh - 1, 1) > distance * 0.999)).all()


def test_distance_must_be_positive(silicon: Structure) -> None:
    with pytest.raises(InputError, match="positive"):
        mesh_from_distance(silicon, 0.0)
