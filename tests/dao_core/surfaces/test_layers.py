"""Layers keep their vacuum, reconstructions their lower half; with EMT, which costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.potentials import load_potential
from dao_core.surfaces import reconstruct, relax_layer


@pytest.fixture(scope="module")
def emt() -> object:
    return load_potential("ase:ase.calculators.emt:EMT")


@pytest.fixture
def sheet() -> Structure:
    """Two layers of copper (100), stretched, cut by the boundary of a sheared cell."""
    lattice = Lattice([[2.7, 0, 0], [0, 2.7, 0], [0.9, 0, 20.0]])
    return Structure(lattice, ["Cu", "Cu"], [[0, 0, 0.97], [0.5, 0.5, 0.06]])


def test_a_layer_shrinks_in_its_plane_and_keeps_its_height(emt: object, sheet: Structure) -> None:
    done = relax_layer(sheet, emt)
    assert done.note is None
    assert done.structure.lattice.c == pytest.approx(20.0, abs=1e-6)
    assert done.structure.lattice.angles[:2] == pytest.approx((90.0, 90.0), abs=1e-3)
    assert done.structure.lattice.a < 2.6
    assert done.vacuum + done.thickness == pytest.approx(20.0)
    assert 1.5 < done.thickness < 2.0
    more = relax_layer(sheet, emt, vacuum=12.0)
    assert more.structure.lattice.c == pytest.approx(12.0 + 0.09 * 20, abs=1e-6)
    assert more.energy_per_atom == pytest.approx(done.energy_per_atom, abs=1e-3)


def test_what_has_no_vacuum_is_no_layer(emt: object) -> None:
    bulk = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    with pytest.raises(InputError, match="of vacuum along c"):
        relax_layer(bulk, emt)


def test_tops_are_made_anew_over_a_lower_half_that_stays(emt: object) -> None:
    # The top layer of a missing-row surface sits in the wrong places: one atom on top of another.
    lattice = Lattice.orthorhombic(2.55, 2.55, 18.0)
    heights = [0.1, 0.2, 0.3, 0.42]
    sites = [[0, 0, heights[0]], [0.5, 0.5, heights[1]], [0, 0, heights[2]], [0, 0, heights[3]]]
    slab = Structure(lattice, ["Cu"] * 4, sites)
    found = reconstruct(slab, emt, cell=(1, 1), n=6)
    assert found[0].origin == "rattled"
    assert found[0].energy_gain > 0.1
    assert found[0].surface_energy_change < 0
    gains = [one.energy_gain for one in found]
    assert gains == sorted(gains, reverse=True)
    for one in found:
        assert np.allclose(one.structure.frac_coords[:2] % 1.0, sites[:2], atol=1e-6)
    with pytest.raises(InputError, match="no lower half"):
        reconstruct(Structure(lattice, ["Cu"], [[0, 0, 0.5]]), emt)
