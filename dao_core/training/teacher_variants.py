"""Off-equilibrium variants of known crystals: what a predictor must see to relax anything.

A model trained on relaxed crystals alone calls every crystal relaxed. Each function here takes a
structure and a random generator and returns a new structure; nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Element, Lattice, Structure

Variant = Callable[[Structure, np.random.Generator], Structure]

UNLABELLED = frozenset({2, 10, 84, 85, 86, 87, 88, *range(95, 119)})
"""Elements of which a Materials Project teacher has seen nothing, or no bond."""
SMALLEST_DISPLACEMENT, LARGEST_DISPLACEMENT = 0.02, 0.5
LARGEST_STRAIN = 0.15


def perturbed(structure: Structure, rng: np.random.Generator) -> Structure:
    """Random strain within 15 % and normal displacements of 0.02 to 0.5 angstrom (log-uniform)."""
    volume_change = rng.uniform(-LARGEST_STRAIN, LARGEST_STRAIN) / 2
    shear = rng.normal(scale=rng.uniform(0.0, LARGEST_STRAIN / 3), size=(3, 3))
    strain = np.eye(3) * (1 + volume_change) + (shear + shear.T) / 2
    sigma = np.exp(rng.uniform(np.log(SMALLEST_DISPLACEMENT), np.log(LARGEST_DISPLACEMENT)))
    lattice = structure.lattice.matrix @ strain
    shifts = rng.normal(scale=sigma / np.sqrt(3), size=(len(structure), 3))
    frac_coords = structure.frac_coords + shifts @ np.linalg.inv(lattice)
    return Structure(Lattice(lattice), structure.species, frac_coords)


def rescaled(structure: Structure, rng: np.random.Generator) -> Structure:
    """Volume changed by a factor of 0.7 to 1.5, positions kept: a point of a volume scan."""
    copy = structure.copy()
    copy.scale_lattice(structure.volume * np.exp(rng.uniform(np.log(0.7), np.log(1.5))))
    return copy


def substituted(structure: Structure, rng: np.random.Generator) -> Structure:
    """One element replaced by a chemical neighbour, volume scaled by the covalent radii."""
    species = sorted({site.specie.Z for site in structure})
    old = int(rng.choice(species))
    choices = [z for z in chemical_neighbours(old) if z not in species]
    if not choices:
        return perturbed(structure, rng)
    new = int(rng.choice(choices))
    numbers = np.array(structure.atomic_numbers)
    swapped = np.where(numbers == old, new, numbers)
    stretch = covalent_radii[swapped].sum() / covalent_radii[numbers].sum()
    stretch *= rng.uniform(0.95, 1.05)
    lattice = Lattice(structure.lattice.matrix * stretch)
    result = Structure(lattice, [Element.from_Z(int(z)) for z in swapped], structure.frac_coords)
    return perturbed(result, rng) if rng.random() < 0.5 else result


def redecorated(structure: Structure, rng: np.random.Generator) -> Structure:
    """The same sites with their species shuffled: right distances, wrong neighbours."""
    species = list(structure.species)
    if len(set(species)) < 2:
        return perturbed(structure, rng)
    order = rng.permutation(len(species))
    shuffled = Structure(structure.lattice, [species[i] for i in order], structure.frac_coords)
    return perturbed(shuffled, rng) if rng.random() < 0.5 else shuffled


def scrambled(structure: Structure, rng: np.random.Generator, tries: int = 20) -> Structure:
    """Random positions in a strained cell, the most open of several draws."""
    best = perturbed(structure, rng)
    lattice = Lattice(best.lattice.matrix * rng.uniform(0.97, 1.12))
    draws = [rng.random((len(structure), 3)) for _ in range(tries)]
    radii = covalent_radii[np.array(structure.atomic_numbers)]
    contact = radii[:, None] + radii[None, :]
    openness = []
    for draw in draws:
        ratio = lattice.get_all_distances(draw, draw) / contact
        np.fill_diagonal(ratio, np.inf)
        openness.append(ratio.min())
    return Structure(lattice, structure.species, draws[int(np.argmax(openness))])


@cache
def chemical_neighbours(z: int) -> tuple[int, ...]:
    """Elements of the same group, and the nearest of the same block and row, of element ``z``."""
    element = Element.from_Z(z)
    near = []
    for other in range(1, 95):
        candidate = Element.from_Z(other)
        same_group = candidate.group == element.group and candidate.block == element.block
        beside = candidate.block == element.block != "p" and 0 < abs(other - z) <= 2
        if other != z and other not in UNLABELLED and (same_group or beside):
            near.append(other)
    return tuple(near)


VARIANTS: dict[str, tuple[Variant, float]] = {
    "perturbed": (perturbed, 0.42),
    "rescaled": (rescaled, 0.10),
    "substituted": (substituted, 0.26),
    "redecorated": (redecorated, 0.11),
    "scrambled": (scrambled, 0.11),
}
"""What may be done to a known crystal, and how often."""


def random_variant(structure: Structure, rng: np.random.Generator) -> tuple[Structure, str]:
    """A variant drawn from :data:`VARIANTS`, and the name of what was done."""
    names = list(VARIANTS)
    weights = np.array([VARIANTS[name][1] for name in names])
    name = names[rng.choice(len(names), p=weights / weights.sum())]
    return VARIANTS[name][0](structure, rng), name
