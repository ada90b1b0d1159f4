"""Crystals as the page draws them: balls, sticks and the cell box, in plain numbers.

Which atoms are joined by sticks is a convention of drawing, not a statement on bonding: the
nearest shell of either atom, up to a length that no bond has.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from pymatgen.analysis.molecule_structure_comparator import CovalentRadius
from pymatgen.core import Element, Structure
from ruamel.yaml import YAML

from flows.report.summary import RankedStructure

SHELL = 1.15  # times the distance of the nearest neighbour
LONGEST_STICK = 1.4  # times the sum of covalent radii
ATOMS_DRAWN = 160  # larger cells are drawn as relaxed, not as the conventional cell
FACE = 0.01  # atoms this close to a face (in fractional coordinates) are drawn on both faces


def structure_view(row: RankedStructure) -> dict[str, Any]:
    """The drawing of one structure, ready for JSON.

    Args:
        row: The structure; its conventional cell is drawn unless that is very large.

    Returns:
        ``cell`` (lattice rows, angstrom), ``origin`` (corner of the cell), ``atoms`` (list of
        x, y, z, index into ``elements``), ``sticks`` (pairs of atom indices) and ``elements``
        (symbol, colour, radius in angstrom), centred on the middle of the cell.
    """
    crystal = row.symmetrised()
    if len(crystal) > ATOMS_DRAWN:
        crystal = row.relaxed()
    sites, frac_coords = _with_face_images(crystal)
    middle = crystal.lattice.matrix.sum(axis=0) / 2
    coords = crystal.lattice.get_cartesian_coords(frac_coords) - middle
    symbols = [site.specie.symbol for site in crystal]
    elements = sorted(set(symbols), key=Element)
    kinds = [elements.index(symbols[site]) for site in sites]
    return {
        "cell": crystal.lattice.matrix.round(3).tolist(),
        "origin": (-middle).round(3).tolist(),
        "atoms": [[*xyz, kind] for xyz, kind in zip(coords.round(3).tolist(), kinds, strict=True)],
        "sticks": _sticks(crystal, sites, coords),
        "elements": [_ball(symbol) for symbol in elements],
    }


def _with_face_images(crystal: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Site index [M] and fractional coordinates [M, 3] of all atoms within or on the cell."""
    wrapped = crystal.frac_coords % 1.0
    wrapped[wrapped > 1 - FACE] -= 1.0
    shifts = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3)
    images = (wrapped[:, None] + shifts).reshape(-1, 3)
    inside = (images < 1 + FACE).all(axis=1)
    return np.repeat(np.arange(len(crystal)), len(shifts))[inside], images[inside]


def _sticks(crystal: Structure, sites: np.ndarray, coords: np.ndarray) -> list[list[int]]:
    """Pairs of drawn atoms of which one lies in the nearest shell of the other."""
    radii = np.array([CovalentRadius.radius.get(site.specie.symbol, 1.5) for site in crystal])
    shell = SHELL * _nearest(crystal)
    first, second = np.triu_indices(len(sites), k=1)
    distance = np.linalg.norm(coords[first] - coords[second], axis=1)
    i, j = sites[first], sites[second]
    joined = (distance <= np.maximum(shell[i], shell[j])) & (
        distance <= LONGEST_STICK * (radii[i] + radii[j])
    )
    return np.stack([first[joined], second[joined]], axis=1).tolist()


def _nearest(crystal: Structure) -> np.ndarray:
    """Distance of the nearest neighbour of each site in angstrom, [N]; images count."""
    reach = 5.0
    centres, _, _, distances = crystal.get_neighbor_list(reach)
    nearest = np.zeros(len(crystal))
    order = np.argsort(-distances)
    nearest[centres[order]] = distances[order]  # the last, smallest distance of a centre stays
    return nearest


@cache
def _ball(symbol: str) -> dict[str, Any]:
    element = Element(symbol)
    radius = float(element.atomic_radius or CovalentRadius.radius.get(symbol, 1.5))
    red, green, blue = _colours().get(symbol, (150, 150, 150))
    return {"symbol": symbol, "colour": f"#{red:02x}{green:02x}{blue:02x}", "radius": radius}


@cache
def _colours() -> dict[str, tuple[int, int, int]]:
    """The colours that Jmol gives the elements (an extension of CPK), as pymatgen has them."""
    text = files("pymatgen.vis").joinpath("ElementColorSchemes.yaml").read_text(encoding="utf-8")
    schemes = YAML(typ="safe").load(text)
    return {symbol: tuple(colour) for symbol, colour in schemes["Jmol"].items()}
