"""Vacuum is seen along any axis, in skewed cells too, and not between the layers of a crystal."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.vacuum import vacuum_of, widest_gap

GRAPHITE = Structure.from_spacegroup(
    "P6_3/mmc", Lattice.hexagonal(2.46, 6.71), ["C", "C"], [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25]]
)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slab_has_its_vacuum_along_any_axis(axis: int) -> None:
    lengths = [3.0, 3.0, 3.0]
    lengths[axis] = 20.0
    place = [0.5, 0.5, 0.5]
    place[axis] = 0.05
    other = list(place)
    other[axis] = 0.95
    slab = Structure(Lattice.orthorhombic(*lengths), ["Mg", "O"], [place, other])
    assert vacuum_of(slab) == pytest.approx(18.0)
    gap = widest_gap(slab, axis)
    assert (gap.end, gap.width) == pytest.approx((0.95, 18.0))


def test_the_width_is_measured_across_the_planes() -> None:
    skewed = Structure(Lattice([[3, 0, 0], [0, 3, 0], [9, 0, 12]]), ["Cu"], [[0, 0, 0]])
    assert vacuum_of(skewed) == pytest.approx(12.0)


def test_crystals_with_layers_and_long_cells_have_none() -> None:
    assert vacuum_of(GRAPHITE) is None
    assert vacuum_of(GRAPHITE * (3, 3, 3)) is None
    assert vacuum_of(Structure(Lattice.cubic(7.9), ["Xe"], [[0, 0, 0]])) is None
