"""Competing prototypes: the simple structure types among which a predictor must choose.

A predictor that has never seen caesium-chloride MgO or face-centred silicon may rank them first.
Distances are set from covalent radii, so every element and pair gets a plausible volume range.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Element, Lattice, Structure

from dao_core.training.teacher_variants import UNLABELLED, perturbed

ANIONS = (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 50, 51, 52, 53, 83)
METAL_PAIRS = 3000
CHARGES = {
    1: 1,
    9: 1,
    17: 1,
    35: 1,
    53: 1,
    8: 2,
    16: 2,
    34: 2,
    52: 2,
    7: 3,
    15: 3,
    33: 3,
    51: 3,
    6: 4,
}
"""Usual negative charges of the anions."""
_CUBIC = ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))
_FCC = ((0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))
_BCC = ((-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5))
_HALF = (0.5, 0.5, 0.5)
_ORIGIN = (0.0, 0.0, 0.0)


def _hexagonal(c_over_a: float) -> tuple[tuple[float, float, float], ...]:
    return ((1.0, 0, 0), (-0.5, 0.75**0.5, 0), (0, 0, c_over_a))


_IDEAL = (8 / 3) ** 0.5
_HCP_SITES = ((1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75))

# name: (lattice rows in units of a, species string, fractional coordinates)
PROTOTYPES: dict[str, tuple] = {
    "fcc": (_FCC, "A", (_ORIGIN,)),
    "bcc": (_BCC, "A", (_ORIGIN,)),
    "sc": (_CUBIC, "A", (_ORIGIN,)),
    "hcp": (_hexagonal(_IDEAL), "AA", _HCP_SITES),
    "diamond": (_FCC, "AA", (_ORIGIN, (0.25, 0.25, 0.25))),
    "graphite": (
        _hexagonal(2.72),
        "AAAA",
        ((0, 0, 0.25), (0, 0, 0.75), (1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)),
    ),
    "beta-tin": (
        ((-0.5, 0.5, 0.27), (0.5, -0.5, 0.27), (0.5, 0.5, -0.27)),
        "AA",
        (_ORIGIN, (0.75, 0.25, 0.5)),
    ),
    "simple-hexagonal": (_hexagonal(0.95), "A", (_ORIGIN,)),
    "rocksalt": (_FCC, "AB", (_ORIGIN, _HALF)),
    "caesium-chloride": (_CUBIC, "AB", (_ORIGIN, _HALF)),
    "zincblende": (_FCC, "AB", (_ORIGIN, (0.25, 0.25, 0.25))),
    "wurtzite": (
        _hexagonal(_IDEAL),
        "AABB",
        (
            (1 / 3, 2 / 3, 0.0),
            (2 / 3, 1 / 3, 0.5),
            (1 / 3, 2 / 3, 0.375),
            (2 / 3, 1 / 3, 0.875),
        ),
    ),
    "nickel-arsenide": (
        _hexagonal(1.55),
        "AABB",
        ((0, 0, 0), (0, 0, 0.5), (1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)),
    ),
    "boron-nitride": (
        _hexagonal(2.66),
        "AABB",
        (
            (1 / 3, 2 / 3, 0.25),
            (2 / 3, 1 / 3, 0.75),
            (2 / 3, 1 / 3, 0.25),
            (1 / 3, 2 / 3, 0.75),
        ),
    ),
    "fluorite": (_FCC, "ABB", (_ORIGIN, (0.25, 0.25, 0.25), (0.75, 0.75, 0.75))),
    "rutile": (
        ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 0.644)),
        "AABBBB",
        (
            _ORIGIN,
            _HALF,
            (0.305, 0.305, 0.0),
            (0.695, 0.695, 0.0),
            (0.195, 0.805, 0.5),
            (0.805, 0.195, 0.5),
        ),
    ),
    "cadmium-iodide": (
        _hexagonal(1.6),
        "ABB",
        (_ORIGIN, (1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)),
    ),
    "L1_2": (
        _CUBIC,
        "ABBB",
        (_ORIGIN, (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)),
    ),
    "L1_0": (((2**-0.5, 0, 0), (0, 2**-0.5, 0), (0, 0, 1.0)), "AB", (_ORIGIN, _HALF)),
}
ELEMENTAL = tuple(name for name, (_, kinds, _) in PROTOTYPES.items() if set(kinds) == {"A"})
IONIC = tuple(name for name in PROTOTYPES if name not in ELEMENTAL and not name.startswith("L1"))
BALANCED = {
    (1, 1): ("rocksalt", "caesium-chloride", "zincblende", "wurtzite", "nickel-arsenide"),
    (2, 1): ("fluorite", "rutile", "cadmium-iodide"),
    (1, 2): ("fluorite",),
}
"""Charge of the cation over that of the anion, and the prototypes of that stoichiometry."""
METALLIC = ("caesium-chloride", "L1_2", "L1_0", "rocksalt", "zincblende")


def prototype_structure(name: str, a: int, b: int | None = None, scale: float = 1.0) -> Structure:
    """A prototype with atomic numbers ``a`` and ``b``; nearest contact ``scale`` x covalent radii.

    Args:
        name: key of :data:`PROTOTYPES`.
        a: atomic number on the first sublattice.
        b: atomic number on the second, for binary prototypes.
        scale: shortest ratio of any distance to the sum of the two covalent radii.
    """
    rows, kinds, frac_coords = PROTOTYPES[name]
    numbers = np.array([a if kind == "A" else b for kind in kinds])
    unit = Structure(Lattice(rows), [Element.from_Z(int(z)) for z in numbers], frac_coords)
    radii = covalent_radii[numbers]
    first, second, _, distances = unit.get_neighbor_list(1.8)
    shortest = (distances / (radii[first] + radii[second])).min()
    return Structure(Lattice(unit.lattice.matrix * scale / shortest), unit.species, frac_coords)


def elemental_prototypes(
    rng: np.random.Generator, scales: int = 8
) -> Iterator[tuple[str, Structure, str]]:
    """Every element in every elemental prototype at ``scales`` volumes.

    Yields:
        (source, structure, what was done).
    """
    for z, name in itertools.product(labelled_elements(), ELEMENTAL):
        for scale in np.linspace(0.82, 1.45, scales) + rng.uniform(-0.04, 0.04, scales):
            yield _drawn(name, z, None, float(scale), rng)


def binary_prototypes(
    rng: np.random.Generator, scales: int = 2
) -> Iterator[tuple[str, Structure, str]]:
    """Compounds of every element with every anion, and random pairs of metals.

    Yields:
        (source, structure, what was done).
    """
    elements = labelled_elements()
    for cation, anion, name in itertools.product(elements, ANIONS, IONIC):
        if cation not in (anion, 9):
            for _ in range(scales):
                yield _drawn(name, cation, anion, rng.normal(1.02, 0.1), rng)
    metals = [z for z in elements if Element.from_Z(z).is_metal]
    for _ in range(METAL_PAIRS):
        first, second = rng.choice(metals, size=2, replace=False)
        name = METALLIC[rng.integers(len(METALLIC))]
        yield _drawn(name, int(first), int(second), rng.normal(1.02, 0.08), rng)


def balanced_prototypes(
    rng: np.random.Generator, scales: int = 7
) -> Iterator[tuple[str, Structure, str]]:
    """Charge-balanced binary compounds in every fitting prototype at ``scales`` volumes.

    Yields:
        (source, structure, what was done).
    """
    cations = {z: Element.from_Z(z).common_oxidation_states for z in labelled_elements()}
    for (cation, states), (anion, charge) in itertools.product(cations.items(), CHARGES.items()):
        for state, names in BALANCED.items():
            if cation == anion or not any(q * state[1] == charge * state[0] for q in states):
                continue
            for name in names:
                for scale in np.linspace(0.86, 1.22, scales) + rng.uniform(-0.02, 0.02, scales):
                    first, second = (anion, cation) if state == (1, 2) else (cation, anion)
                    yield _drawn(name, first, second, float(scale), rng)


def _drawn(
    name: str, a: int, b: int | None, scale: float, rng: np.random.Generator
) -> tuple[str, Structure, str]:
    structure = prototype_structure(name, a, b, float(np.clip(scale, 0.78, 1.5)))
    done = "prototype"
    if len(structure) > 1 and rng.random() < 0.3:
        structure, done = perturbed(structure, rng), "prototype, perturbed"
    return f"prototype:{name}", structure, done


def labelled_elements() -> list[int]:
    """Atomic numbers that a Materials Project teacher knows."""
    return [z for z in range(1, 95) if z not in UNLABELLED]
