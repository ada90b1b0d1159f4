"""Maxima of the electron localisation function and what they are: core, bond, lone pair, void.

Silvi and Savin, Nature 371, 683 (1994), name the basins; which one a maximum is follows here from
where it lies: inside an atom, within reach of several, of one, or of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Element, Structure

from dft_inputs.electrons.basins import Basins
from dft_inputs.electrons.shells import core_radius

Kind = Literal["core", "bond", "lone pair", "interstitial"]

REACH = 1.3
"""Distance over the atomic radius up to which a maximum belongs to an atom."""
LOCALISED = 0.7
"""ELF from which electrons are localised; in nearly free electrons it stays near 1/2."""
IONIC = 1.7
"""Pauling's difference in electronegativity from which a bond counts as ionic: its electrons are
the closed shell of the anion."""


@dataclass(frozen=True)
class Attractor:
    """A maximum of the electron localisation function.

    Attributes:
        kind: What it is.
        frac_coords: Where it is.
        elf: Its height, 0 to 1.
        rise: How far it rises above its highest saddle.
        atoms: Indices of the atoms that it belongs to; for an interstitial one, its neighbours.
        distance: To the nearest atom, angstrom.
    """

    kind: Kind
    frac_coords: tuple[float, float, float]
    elf: float
    rise: float
    atoms: tuple[int, ...]
    distance: float


def attractors(structure: Structure, basins: Basins) -> list[Attractor]:
    """The maxima of the electron localisation function, in the order of the basins.

    Args:
        structure: The crystal.
        basins: Basins of the function.
    """
    cell = _Atoms(structure, atomic_radii(structure))
    return [
        _attractor(cell, basins, index, structure.lattice.get_cartesian_coords(position))
        for index, position in enumerate(basins.frac_coords)
    ]


def atomic_radii(structure: Structure) -> np.ndarray:
    """Covalent radii ``[n]`` in angstrom, smaller where the atoms are pressed together.

    Each is scaled by the closest contact of its atom over the sum of both radii: at 300 GPa atoms
    of sodium are 1.9 angstrom apart, and a void begins at half a radius.
    """
    radii = covalent_radii[list(structure.atomic_numbers)]
    centres, points, _, distances = structure.get_neighbor_list(2 * radii.max())
    scale = np.ones(len(structure))
    np.minimum.at(scale, centres, distances / (radii[centres] + radii[points]))
    scaled: np.ndarray = radii * scale
    return scaled


def closest_contact(structure: Structure) -> float:
    """Smallest distance of two atoms over the sum of their covalent radii; 1 at most."""
    return float((atomic_radii(structure) / covalent_radii[list(structure.atomic_numbers)]).min())


@dataclass(frozen=True)
class _Atoms:
    """The atoms of a cell with their radii."""

    structure: Structure
    radii: np.ndarray

    def near(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices of atoms by distance over radius, and that ratio."""
        found = self.structure.get_sites_in_sphere(point, 2 * REACH * float(self.radii.max()) + 1.0)
        if not found:
            found = self.structure.get_sites_in_sphere(point, 10.0)
        indices = np.array([site.index for site in found])
        ratio = np.array([site.nn_distance for site in found]) / self.radii[indices]
        order = np.argsort(ratio, kind="stable")
        return indices[order], ratio[order]


def _attractor(cell: _Atoms, basins: Basins, index: int, point: np.ndarray) -> Attractor:
    atoms, ratio = cell.near(point)
    height = float(basins.heights[index])
    kind, owners = _kind(cell, atoms, ratio, height)
    a, b, c = (float(x) for x in basins.frac_coords[index])
    return Attractor(
        kind=kind,
        frac_coords=(a, b, c),
        elf=height,
        rise=height - max(float(basins.saddles[index]), 0.0),
        atoms=tuple(int(atom) for atom in owners),
        distance=float((ratio * cell.radii[atoms]).min()),
    )


def _kind(
    cell: _Atoms, atoms: np.ndarray, ratio: np.ndarray, elf: float
) -> tuple[Kind, Sequence[int]]:
    symbols = [cell.structure[int(atom)].specie.symbol for atom in atoms]
    inside = ratio * cell.radii[atoms] < [core_radius(symbol) for symbol in symbols]
    if inside.any():
        return "core", atoms[inside][:1]
    owners = atoms[ratio <= REACH]
    # A low maximum beside one atom is no pair of that atom: the nearly free electrons of a metal.
    if not len(owners) or (len(owners) == 1 and elf < LOCALISED):
        return "interstitial", atoms[ratio <= REACH * ratio[0]]
    affinity = np.array([_electronegativity(symbol) for symbol in symbols[: len(owners)]])
    # The electrons between very unlike atoms are a closed shell of the one that pulls most.
    owners = owners[affinity > affinity.max() - IONIC]
    return ("bond" if len(owners) > 1 else "lone pair"), owners


def _electronegativity(symbol: str) -> float:
    element = Element(symbol)
    return 4.0 if element.is_noble_gas else float(element.X)
