"""Point defects of a crystal, one of each symmetrically distinct kind."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Element, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from scipy.ndimage import maximum_filter
from scipy.optimize import minimize

from dao_core.crystal.deduplication import same_crystal
from dao_core.errors import InputError

SYMPREC = 0.01
MIN_LENGTH = 10.0
"""Angstrom between a defect and its images, at least."""
GRID = 0.4
"""Angstrom between the points at which voids are looked for."""
ROOM = 0.75
"""Distance over the sum of covalent radii that an interstitial needs to its nearest atom."""
MOST_VOIDS = 8
"""Distinct voids, the roomiest ones."""


@dataclass(frozen=True)
class PointDefect:
    """A defect in its supercell, not relaxed.

    Attributes:
        name: ``vac_O``, ``Mg_on_O`` or ``int_H``, numbered where there are several of a kind.
        structure: the supercell with the defect.
        added: atoms more than the perfect supercell has, by symbol; negative for fewer.
    """

    name: str
    structure: Structure
    added: Mapping[str, int]


def supercell(bulk: Structure, min_length: float = MIN_LENGTH) -> Structure:
    """The perfect crystal, repeated until no lattice vector is shorter than ``min_length``."""
    if min_length <= 0:
        raise InputError(f"the length of a supercell must be positive, not {min_length} angstrom")
    return bulk * [max(1, int(np.ceil(min_length / x - 1e-6))) for x in bulk.lattice.abc]


def vacancies(bulk: Structure, min_length: float = MIN_LENGTH) -> list[PointDefect]:
    """Each distinct site without its atom."""
    found = []
    for site in _distinct_sites(bulk):
        symbol = bulk[site].specie.symbol
        cell = supercell(bulk, min_length)
        cell.remove_sites([_in_supercell(bulk, cell, site)])
        found.append(PointDefect(f"vac_{symbol}", cell, {symbol: -1}))
    return _numbered(found)


def antisites(bulk: Structure, min_length: float = MIN_LENGTH) -> list[PointDefect]:
    """Each distinct site with each other element of the crystal."""
    found = []
    symbols = sorted(element.symbol for element in bulk.elements)
    for site, other in itertools.product(_distinct_sites(bulk), symbols):
        symbol = bulk[site].specie.symbol
        if other != symbol:
            cell = supercell(bulk, min_length)
            cell.replace(_in_supercell(bulk, cell, site), Element(other))
            found.append(PointDefect(f"{other}_on_{symbol}", cell, {other: 1, symbol: -1}))
    return _numbered(found)


def interstitials(
    bulk: Structure, symbol: str, min_length: float = MIN_LENGTH
) -> list[PointDefect]:
    """An atom in each distinct void that leaves it room, at most eight.

    Raises:
        InputError: the symbol is no element.
    """
    if not Element.is_valid_symbol(symbol):
        raise InputError(f"{symbol!r} is not an element")
    found = []
    for position in _voids(bulk, symbol):
        cell = supercell(bulk, min_length)
        cell.append(symbol, position, coords_are_cartesian=True)
        found.append(PointDefect(f"int_{symbol}", cell, {symbol: 1}))
    return _numbered(found)


def _distinct_sites(bulk: Structure) -> list[int]:
    symmetrised = SpacegroupAnalyzer(bulk, SYMPREC).get_symmetrized_structure()
    return sorted(indices[0] for indices in symmetrised.equivalent_indices)


def _in_supercell(bulk: Structure, cell: Structure, site: int) -> int:
    """The atom of the supercell at the position of an atom of the crystal."""
    wanted = cell.lattice.get_fractional_coords(bulk[site].coords)
    difference = cell.frac_coords - wanted
    return int(np.linalg.norm(difference - np.rint(difference), axis=1).argmin())


def _voids(bulk: Structure, symbol: str) -> list[np.ndarray]:
    """Cartesian positions of the distinct voids that have room, the roomiest first.

    Maxima of the room on a grid, refined by the simplex of Nelder and Mead.
    """
    radii = covalent_radii[Element(symbol).Z] + covalent_radii[list(bulk.atomic_numbers)]

    def room(points: np.ndarray) -> np.ndarray:
        distances = bulk.lattice.get_all_distances(points, bulk.frac_coords)
        nearest: np.ndarray = (distances / radii).min(axis=1)
        return nearest

    repeats = [max(2, round(length / GRID)) for length in bulk.lattice.abc]
    axes = np.meshgrid(*(np.arange(n) / n for n in repeats), indexing="ij")
    grid = np.stack(axes, axis=-1).reshape(-1, 3)
    on_grid = room(grid)
    largest = maximum_filter(on_grid.reshape(repeats), size=3, mode="wrap").ravel()
    refined = [
        minimize(lambda point: -room(point[None])[0], grid[index], method="Nelder-Mead", tol=1e-3)
        for index in np.flatnonzero(on_grid >= largest)
    ]
    found: list[Structure] = []
    for void in sorted(refined, key=lambda result: float(result.fun)):
        if -void.fun < ROOM or len(found) == MOST_VOIDS:
            break
        trial = bulk.copy()
        trial.append(symbol, void.x)
        if not any(same_crystal(trial, other) for other in found):
            found.append(trial)
    return [trial[-1].coords for trial in found]


def _numbered(defects: list[PointDefect]) -> list[PointDefect]:
    """Names made distinct: ``vac_O``, ``vac_O_2``."""
    seen: dict[str, int] = {}
    named = []
    for defect in defects:
        count = seen[defect.name] = seen.get(defect.name, 0) + 1
        name = defect.name if count == 1 else f"{defect.name}_{count}"
        named.append(PointDefect(name, defect.structure, defect.added))
    return named
