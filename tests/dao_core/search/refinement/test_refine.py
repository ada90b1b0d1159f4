"""Minima of DAO-P relaxed on by SevenNet: the right order, smaller cells, and no holes."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings
from dao_core.search.refinement import refine, start_of

pytest.importorskip("sevenn")
SETTINGS = RelaxSettings()


@pytest.fixture(scope="module")
def sevennet():
    return load_potential("sevennet-0", "cpu")


def rocksalt():
    return Structure.from_spacegroup(225, Lattice.cubic(4.25), ["Mg", "O"], [[0, 0, 0], [0.5] * 3])


def wurtzite():
    sites = [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.38]]
    return Structure.from_spacegroup(186, Lattice.hexagonal(3.3, 5.1), ["Mg", "O"], sites)


def test_the_start_is_the_primitive_cell():
    assert len(start_of(rocksalt())) == 2


def test_rock_salt_lies_where_pw_x_has_it_below_wurtzite(sevennet):
    """DAO-P has them 2 meV/atom apart, pw.x 71, SevenNet-0 76."""
    starts = [start_of(rocksalt()), start_of(wurtzite())]
    low, high = refine(starts, sevennet, load_potential("dao-p", "cpu"), SETTINGS)
    assert low.converged
    assert high.converged
    assert high.energy_per_atom - low.energy_per_atom == pytest.approx(0.076, abs=0.015)


class Deep:
    """A second potential of the same scale that lies above by more than any error."""

    level = "deep"

    def __init__(self, sevennet, domain):
        self.sevennet, self.domain = sevennet, domain

    def evaluate(self, batch):
        found = self.sevennet.evaluate(batch)
        return type(found)(found.energy + 2.0 * batch.natoms, found.forces, found.stress)


def test_what_lies_far_below_the_potential_that_found_it_is_a_hole(sevennet):
    [end] = refine([start_of(rocksalt())], sevennet, Deep(sevennet, sevennet.domain), SETTINGS)
    assert end.stop_reason == "energy_floor"


def test_potentials_of_unknown_zeros_are_not_compared(sevennet):
    unknown = type(sevennet.domain)()
    [end] = refine([start_of(rocksalt())], sevennet, Deep(sevennet, unknown), SETTINGS)
    assert end.converged
