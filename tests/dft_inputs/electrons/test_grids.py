"""Basins, charges, kinds of localisation and verdicts on grids whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ase.io.cube import write_cube
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.units import BOHR_ANGSTROM
from dft_inputs.electrons import (
    Grid,
    attractors,
    bader_charges,
    find_basins,
    judge_electride,
    read_cube,
)
from dft_inputs.electrons.attractors import atomic_radii
from dft_inputs.electrons.shells import core_radius
from dft_inputs.electrons.slices import slice_through
from dft_inputs.errors import TruncatedOutputError

Blob = tuple[Sequence[float], float, float]
"""Fractional coordinates, height, width in angstrom."""


def grid_of(structure: Structure, blobs: Sequence[Blob], points: int = 32) -> Grid:
    """A sum of periodic Gaussians."""
    empty = Grid(structure, np.zeros((points,) * 3))
    values = np.zeros(points**3)
    for position, height, width in blobs:
        away = structure.lattice.get_all_distances(empty.frac_coords(), position)[:, 0]
        values += height * np.exp(-(away**2) / (2 * width**2))
    return Grid(structure, values.reshape((points,) * 3))


@pytest.fixture
def salt() -> Structure:
    """MgO, primitive: a skewed cell, where neighbours cross the boundary."""
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * 2.1)
    return Structure(lattice, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_basins_partition_the_cell_and_integrate(salt: Structure) -> None:
    grid = grid_of(salt, [((0, 0, 0), 1.0, 0.4), ((0.5, 0.5, 0.5), 2.0, 0.4)])
    basins = find_basins(grid)
    assert basins.frac_coords.tolist() == [[0.5, 0.5, 0.5], [0, 0, 0]]
    assert basins.heights == pytest.approx([2.0, 1.0], abs=0.01)
    assert basins.saddles[0] == basins.saddles[1] < 0.4
    high, low = grid.integrals(basins.labels, 2)
    whole = (2 * np.pi) ** 1.5 * 0.4**3
    assert (high, low) == pytest.approx((2 * whole, whole), rel=0.05)


def test_ripples_are_merged_and_hills_are_not(salt: Structure) -> None:
    grid = grid_of(salt, [((0, 0, 0), 1.0, 0.5), ((0.5, 0.5, 0.5), 2.0, 0.5)])
    noise = np.random.default_rng(0).normal(scale=0.02, size=grid.values.shape)
    rough = Grid(salt, grid.values + noise)
    assert len(find_basins(rough)) > 10
    assert len(find_basins(rough, prominence=0.3)) == 2
    assert len(find_basins(rough, prominence=1.5)) == 1
    assert len(find_basins(Grid(salt, np.ones((8, 8, 8))), prominence=0.1)) == 1


def test_bader_charges_of_ions_whose_cores_are_not_in_the_density(salt: Structure) -> None:
    # Mg keeps 8 of 10 electrons; the density of O has a dip at its nucleus.
    shell = [((0.5, 0.5, 0.5), 3.0, 0.45), ((0.5, 0.5, 0.5), -1.0, 0.2)]
    density = grid_of(salt, [((0, 0, 0), 20.0, 0.25), *shell], points=40)
    scale = 8 / (20 * (2 * np.pi) ** 1.5 * 0.25**3)
    mg_only = grid_of(salt, [((0, 0, 0), 20.0 * scale, 0.25)], points=40).values
    o_only = grid_of(salt, shell, points=40).values
    o_only *= 8 / (o_only.sum() * density.voxel)
    charges, in_voids = bader_charges(Grid(salt, mg_only + o_only), [10, 6])
    assert charges == pytest.approx([2.0, -2.0], abs=0.1)
    assert in_voids == 0.0


def test_electrons_of_a_void_belong_to_no_atom() -> None:
    cell = Structure(Lattice.cubic(6.0), ["Ca"], [[0, 0, 0]])
    density = grid_of(cell, [((0, 0, 0), 10.0, 0.4), ((0.5, 0.5, 0.5), 0.1, 0.9)])
    void = 0.1 * (2 * np.pi) ** 1.5 * 0.9**3
    ion = density.values.sum() * density.voxel - void
    charges, in_voids = bader_charges(density, [ion + void])
    assert in_voids == pytest.approx(void, rel=0.05)
    assert charges[0] == pytest.approx(in_voids, abs=1e-6)


@pytest.mark.parametrize(
    ("symbol", "below", "above"),
    [("H", -0.1, 0.1), ("C", 0.15, 0.4), ("Mg", 0.4, 1.0), ("Ca", 0.8, 1.5), ("Ti", 0.6, 1.3)],
)
def test_where_cores_end(symbol: str, below: float, above: float) -> None:
    assert below < core_radius(symbol) < above


def test_radii_shrink_under_pressure_only() -> None:
    loose = Structure(Lattice.cubic(6.0), ["Na"], [[0, 0, 0]])
    tight = Structure(Lattice.cubic(1.9), ["Na"], [[0, 0, 0]])
    assert atomic_radii(loose)[0] == pytest.approx(1.66)
    assert atomic_radii(tight)[0] == pytest.approx(0.95)


def test_kinds_of_maxima() -> None:
    # A hydroxide: the core shell of Ca, the O-H bond, a pair behind O, and a void.
    lattice = Lattice.cubic(8.0)
    cell = Structure(
        lattice, ["Ca", "O", "H"], [[0, 0, 0], [0.3, 0, 0], [0.42, 0, 0]], to_unit_cell=True
    )
    where = {
        "core": (0.0, 0.07, 0.0),
        "bond": (0.375, 0.0, 0.0),
        "lone pair": (0.3, 0.07, 0.0),
        "interstitial": (0.5, 0.5, 0.5),
    }
    grid = grid_of(cell, [(place, 0.9, 0.2) for place in where.values()], points=48)
    found = attractors(cell, find_basins(grid, 0.01))
    by_kind = {maximum.kind: maximum for maximum in found}
    assert len(found) == len(by_kind) == 4
    for kind, place in where.items():
        assert by_kind[kind].frac_coords == pytest.approx(place, abs=0.03)
    assert set(by_kind["bond"].atoms) == {1, 2}
    assert by_kind["lone pair"].atoms == (1,)


@pytest.mark.parametrize(
    ("elf", "electrons", "top", "electride", "reason"),
    [
        (0.9, 1.0, 1.0, True, "ELF 0.90"),
        (0.6, 1.0, 1.0, False, "at most 0.60"),
        (0.9, 0.05, 1.0, False, "no void holds more than 0.05 electrons"),
        (0.9, 1.0, 0.02, False, "voids hold only"),
    ],
)
def test_an_electride_needs_every_sign(
    elf: float, electrons: float, top: float, electride: bool, reason: str
) -> None:
    cell = Structure(Lattice.cubic(5.0), ["Ca"], [[0, 0, 0]])
    atom, void = ((0.0, 0.0, 0.0), 0.5, 0.6), (0.5, 0.5, 0.5)
    elf_grid = grid_of(cell, [atom, (void, elf, 0.6)])
    one = 1 / ((2 * np.pi) ** 1.5 * 0.6**3)
    density = grid_of(cell, [((0, 0, 0), one, 0.6), (void, electrons * one, 0.6)])
    near_top = grid_of(cell, [((0, 0, 0), one / 2, 0.6), (void, top * one, 0.6)])
    basins = find_basins(elf_grid, 0.01)
    verdict = judge_electride(attractors(cell, basins), basins, density, near_top, 2.0)
    assert verdict.electride is electride
    assert reason in verdict.reason
    assert verdict.electrons == pytest.approx(electrons, rel=0.1)


def test_cube_files_keep_units_and_truncated_ones_are_refused(
    salt: Structure, tmp_path: Path
) -> None:
    grid = grid_of(salt, [((0.5, 0.5, 0.5), 1.0, 0.5)], points=8)
    atoms = AseAtomsAdaptor.get_atoms(salt)
    with (tmp_path / "a.cube").open("w") as file:
        write_cube(file, atoms, grid.values)
    density = read_cube(tmp_path / "a.cube", salt, density=True)
    assert density.values == pytest.approx(grid.values / BOHR_ANGSTROM**3, rel=1e-4, abs=1e-5)
    cut = (tmp_path / "a.cube").read_text()[:-400]
    (tmp_path / "b.cube").write_text(cut)
    with pytest.raises(TruncatedOutputError, match="not a whole cube file"):
        read_cube(tmp_path / "b.cube", salt)
    with pytest.raises(TruncatedOutputError, match="not of the cell"):
        read_cube(tmp_path / "a.cube", salt.copy().scale_lattice(50.0))


def test_a_slice_goes_through_the_point_and_its_neighbours(salt: Structure) -> None:
    grid = grid_of(salt, [((0.25, 0.25, 0.25), 1.0, 0.4)])
    plane = slice_through(grid, (0.25, 0.25, 0.25))
    values = np.array(plane.values)
    middle = len(values) // 2
    assert values.max() == values[middle, middle] == pytest.approx(1.0, abs=0.01)
    assert {symbol for symbol, _, _ in plane.atoms} == {"Mg", "O"}
    assert np.linalg.norm(plane.normal) == pytest.approx(1.0)
