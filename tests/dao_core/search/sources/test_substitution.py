from __future__ import annotations

from pymatgen.core import Composition, Lattice, Structure

from dao_core.search.compositions import CompositionCell
from dao_core.search.sources import SubstitutionSource


def cubic(number: int, a: float, species: list[str], sites: list[list[float]]) -> Structure:
    whole = Structure.from_spacegroup(number, Lattice.cubic(a), species, sites)
    return whole.get_primitive_structure()


HALITE = [[0, 0, 0], [0.5, 0.5, 0.5]]
KNOWN = [
    ("MgO", cubic(225, 4.2, ["Mg", "O"], HALITE)),
    ("CaO", cubic(225, 4.8, ["Ca", "O"], HALITE)),
    ("CsCl", cubic(221, 4.1, ["Cs", "Cl"], HALITE)),
    ("Si", cubic(227, 5.4, ["Si"], [[0, 0, 0]])),
]


def cell(formula: str) -> CompositionCell:
    composition = Composition(formula)
    return CompositionCell(
        composition.reduced_formula, 1, composition, round(composition.num_atoms)
    )


def test_most_similar_first_and_isostructural_once() -> None:
    proposals = SubstitutionSource(KNOWN).propose(cell("SrO"), 5, seed=0)
    numbers = [p.structure.get_space_group_info()[1] for p in proposals]
    assert numbers == [225, 221], "MgO and CaO give one proposal"
    assert proposals[0].origin == "training:CaO"
    assert all(p.structure.composition == Composition("SrO") for p in proposals)
    assert len(SubstitutionSource(KNOWN).propose(cell("SrO"), 1, seed=0)) == 1


def test_volume_follows_the_new_elements() -> None:
    (proposal, *_) = SubstitutionSource(KNOWN[:1]).propose(cell("BaO"), 1, seed=0)
    assert 35 < proposal.structure.volume < 50


def test_other_stoichiometries_have_no_template() -> None:
    assert SubstitutionSource(KNOWN).propose(cell("TiO2"), 5, seed=0) == []
