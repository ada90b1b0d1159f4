"""Two orderings of one lattice are two crystals, wherever identity is asked for.

Each pair has equal distances to *any* neighbour; only the elements of the neighbours differ.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint, fingerprint_distance
from dao_core.crystal.matching import match
from dao_core.crystal.niggli import niggli_primitive
from dao_core.generator.prototypes.library import SAME
from dao_core.generator.prototypes.metric import CompositionMetric
from dao_core.generator.prototypes.prior import PrototypePrior
from dao_core.search.compositions import CompositionCell
from dao_core.search.landscape import distance_matrix
from dao_core.search.selection import DftCandidate, choose_for_dft
from dao_core.search.sources.substitution import SubstitutionSource
from dao_core.training.prototype_library import build_library
from dao_core.training.records import Crystal, read_crystals
from dao_core.training.retraining_data import diverse

FCC = [(0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)]
CELLS = list(itertools.product((0, 1), repeat=3))
Rule = Callable[[int, int, int], str]


def four_fcc(*elements: str) -> Structure:
    """Fcc lattices at 0, 1/2, 1/4 and 3/4 of the diagonal, as many as there are elements."""
    origins = zip((0, 0.5, 0.25, 0.75), elements, strict=False)
    sites = [(symbol, np.add(site, o) % 1) for o, symbol in origins for site in FCC]
    return Structure(Lattice.cubic(6.0), [s for s, _ in sites], [x for _, x in sites])


def fcc(rule: Rule, filling: str | None = None, offset: float = 0.0) -> Structure:
    """Eight cells of fcc, decorated by a rule of the place in half edges, and what fills holes."""
    places = [(np.array(cell) + site) * 2 for cell in CELLS for site in FCC]
    species = [rule(*np.rint(place).astype(int)) for place in places]
    sites = [place / 4 for place in places]
    if filling:
        species += [filling] * len(places)
        sites += [(site + offset) % 1 for site in sites]
    return Structure(Lattice.cubic(9.0), species, sites)


def perovskite(rule: Rule) -> Structure:
    """Eight cubic perovskites whose B sites are decorated by a rule of the cell."""
    inside = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    species = [one for cell in CELLS for one in ("Sr", rule(*cell), "O", "O", "O")]
    sites = [np.add(cell, x) / 2 for cell in CELLS for x in inside]
    return Structure(Lattice.cubic(7.8), species, sites)


def layers(_x: int, _y: int, z: int) -> str:
    return "Cu" if z % 2 == 0 else "Au"


def diagonal(x: int, y: int, z: int) -> str:
    return "Cu" if (x + y + z) % 4 == 0 else "Au"


def double_layers(x: int, _y: int, z: int) -> str:
    return "Cu" if (2 * x + z) % 4 in (0, 1) else "Au"


def l1_2(x: int, y: int, z: int) -> str:
    return "Ti" if x % 2 == y % 2 == z % 2 == 0 else "Al"


def d0_22(x: int, y: int, z: int) -> str:
    return "Ti" if (z % 4 == 0 and x % 2 == 0) or (z % 4 == 2 and x % 2 == 1) else "Al"


ORDERINGS = {
    "Heusler": (four_fcc("Mn", "Al", "Cu", "Cu"), four_fcc("Mn", "Cu", "Al", "Cu")),
    "AlReTcW 1": (four_fcc("Al", "Re", "Tc", "W"), four_fcc("Al", "Tc", "Re", "W")),
    "AlReTcW 2": (four_fcc("Al", "Re", "Tc", "W"), four_fcc("Al", "W", "Tc", "Re")),
    "AlReTcW 3": (four_fcc("Al", "Tc", "Re", "W"), four_fcc("Al", "W", "Tc", "Re")),
    "CuAu 1": (fcc(layers), fcc(diagonal)),
    "CuAu 2": (fcc(layers), fcc(double_layers)),
    "CuAu 3": (fcc(diagonal), fcc(double_layers)),
    "TiAl3": (fcc(l1_2), fcc(d0_22)),
    "oxide": (fcc(layers, "O", 0.25), fcc(diagonal, "O", 0.25)),
    "sulphide 1": (fcc(layers, "S", 0.125), fcc(double_layers, "S", 0.125)),
    "sulphide 2": (fcc(l1_2, "S", 0.125), fcc(d0_22, "S", 0.125)),
    "perovskite": (
        perovskite(lambda x, y, z: "Fe" if (x + y + z) % 2 == 0 else "Mo"),
        perovskite(lambda x, _y, _z: "Fe" if x == 0 else "Mo"),
    ),
}


def written_otherwise(number: int, structure: Structure) -> Structure:
    """The same crystal: moved, turned, in another cell, a hair from its sites."""
    random = np.random.default_rng(number)
    other = structure.copy()
    if number % 3 == 0:
        other.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    if number % 3 == 1:
        other = other.get_primitive_structure()
    other.translate_sites(range(len(other)), random.uniform(size=3))
    other.perturb(0.002, seed=number)
    return Structure.from_sites(random.permutation(np.array(other.sites, dtype=object)).tolist())


SAME_CRYSTALS = {
    name: (first, written_otherwise(number, first))
    for number, (name, (first, _)) in enumerate(ORDERINGS.items())
}


def crystal(structure: Structure) -> Crystal:
    numbers = np.array(structure.atomic_numbers)
    parts = niggli_primitive(numbers, structure.frac_coords, structure.lattice.matrix, 0.05)
    return Crystal("x", *parts, {})


def in_the_prior(pair: tuple[Structure, Structure], _folder: Path) -> int:
    crystals = [crystal(one) for one in pair]
    prior = PrototypePrior(build_library(crystals), CompositionMetric())
    sizes = {len(one.atomic_numbers): one for one in crystals}
    likely = [
        prior.structure(one)
        for numbers in (one.atomic_numbers for one in sizes.values())
        for one in prior.likeliest(numbers.tolist(), 20)
    ]
    return sum(any(match(one, made) is not None for made in likely) for one in pair)


def in_the_library(pair: tuple[Structure, Structure], _folder: Path) -> int:
    """Crystals seen: two prototypes, or one with its elements in two ways."""
    return build_library([crystal(one) for one in pair]).crystals_seen


def cell_of(composition: Composition) -> CompositionCell:
    formula, z = composition.get_reduced_formula_and_factor()
    return CompositionCell(formula, round(z), composition, round(composition.num_atoms))


def in_substitution(pair: tuple[Structure, Structure], _folder: Path) -> int:
    source = SubstitutionSource([(str(i), one) for i, one in enumerate(pair)])
    cells = {one.composition.formula: one.composition for one in pair}.values()
    made = [
        proposal.structure
        for composition in cells
        for proposal in source.propose(cell_of(composition), 50, 0)
    ]
    return sum(any(match(one, other) is not None for other in made) for one in pair)


def in_the_choice_for_dft(pair: tuple[Structure, Structure], _folder: Path) -> int:
    candidates = [DftCandidate(one, 0.0, 0.05, novel=True) for one in pair]
    return len(choose_for_dft(candidates, 2))


def in_retraining(pair: tuple[Structure, Structure], _folder: Path) -> int:
    return len(diverse(pair))


def in_records(pair: tuple[Structure, Structure], folder: Path) -> int:
    records = [
        {
            "material_id": str(i),
            "lattice": one.lattice.matrix.tolist(),
            "atomic_numbers": one.atomic_numbers,
            "frac_coords": one.frac_coords.tolist(),
        }
        for i, one in enumerate(one.get_primitive_structure(0.05) for one in pair)
    ]
    path = folder / "pair.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"meta": {}, "records": records}, file)
    return len(read_crystals([path], 100).crystals)


def in_the_map(pair: tuple[Structure, Structure], _folder: Path) -> int:
    return 1 + int(distance_matrix(pair)[0, 1] > SAME)


PLACES = (
    in_the_prior, in_the_library, in_substitution, in_the_choice_for_dft, in_retraining,
    in_records, in_the_map,
)  # fmt: skip
places = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)


@pytest.mark.parametrize("name", ORDERINGS)
def test_the_pairs_are_what_they_are_said_to_be(name: str) -> None:
    first, second = ORDERINGS[name]
    assert first.composition == second.composition
    assert fingerprint_distance(fingerprint(first), fingerprint(second)) < 1e-6
    assert match(first, second) is None
    assert match(*SAME_CRYSTALS[name]) is not None


@pytest.mark.parametrize("name", ORDERINGS)
def test_fingerprints_of_orderings_differ_and_those_of_one_crystal_do_not(name: str) -> None:
    orderings, same = (
        fingerprint_distance(*map(coloured_fingerprint, pairs[name]))
        for pairs in (ORDERINGS, SAME_CRYSTALS)
    )
    assert orderings > 2 * SAME
    assert same < 0.005


@places
@pytest.mark.parametrize("name", ORDERINGS)
def test_two_orderings_are_two_crystals(name: str, place: Callable, tmp_path: Path) -> None:
    assert place(ORDERINGS[name], tmp_path) == 2


@pytest.mark.parametrize("place", [in_the_choice_for_dft, in_retraining, in_records, in_the_map])
@pytest.mark.parametrize("name", SAME_CRYSTALS)
def test_one_crystal_written_otherwise_is_one(name: str, place: Callable, tmp_path: Path) -> None:
    assert place(SAME_CRYSTALS[name], tmp_path) == 1


@pytest.mark.parametrize("name", SAME_CRYSTALS)
def test_one_crystal_is_one_prototype(name: str) -> None:
    crystals = [crystal(one) for one in SAME_CRYSTALS[name]]
    prior = PrototypePrior(build_library(crystals), CompositionMetric())
    likely = [prior.structure(one) for one in prior.likeliest(crystals[0].atomic_numbers, 20)]
    original = Composition(SAME_CRYSTALS[name][0].formula)
    assert all(one.composition.reduced_formula == original.reduced_formula for one in likely)
    assert sum(match(SAME_CRYSTALS[name][0], one) is not None for one in likely) == 1
