from __future__ import annotations

import time

import pytest
from pymatgen.core import Composition, Structure

from dao_core.crystal.symmetry import space_group_number
from dao_core.crystal.validity import invalid_reason
from dao_core.search.compositions import CompositionCell, enumerate_compositions, parse_target
from dao_core.search.sources.base import Proposal
from dao_core.search.sources.template import (
    Template,
    TemplateSource,
    assignments,
    best_templates,
    templates,
)


def proposals(formula: str, z: int, n: int, seed: int = 0) -> list[Proposal]:
    (cell,) = enumerate_compositions(parse_target([formula]), (z,), 40)
    return TemplateSource().propose(cell, n, seed)


@pytest.mark.parametrize(
    ("formula", "z", "space_group"),
    [
        ("MgO", 1, 225),
        ("NaCl", 1, 225),
        ("Si", 2, 227),
        ("TiO2", 2, 136),
        ("TiO2", 2, 141),
        ("GaN", 2, 186),
        ("AlNi3", 1, 221),
        ("SiC", 1, 216),
        ("CaTiO3", 1, 221),
        ("Mg", 2, 194),
        ("Fe3O4", 2, 227),
    ],
)
def test_known_ground_state_is_among_the_first_eight(
    formula: str, z: int, space_group: int
) -> None:
    found = [space_group_number(p.structure) for p in proposals(formula, z, 8)]
    assert space_group in found


def test_the_prototype_of_the_compound_itself_comes_first() -> None:
    first = proposals("NaCl", 1, 1)[0]
    assert first.origin == "template:AB_cF8_225_a_b"
    assert first.detail["dissimilarity"] == 0
    assert first.structure.volume == pytest.approx(5.64**3 / 4, rel=0.25)


def test_another_seed_looks_further_and_still_prefers_the_similar() -> None:
    def labels(seed: int, n: int = 6) -> list[str]:
        return [proposal.origin for proposal in proposals("FeP2", 2, n, seed)]

    assert labels(0) == labels(0)
    assert labels(5) == labels(5)
    assert labels(5, 40)[:6] == labels(5), "more of them begin alike"
    seen = {label for seed in range(5) for label in labels(seed)}
    assert len(seen) > 10
    assert "template:AB2_oP6_58_a_g" in seen

    def dissimilarity(seed: int) -> float:
        return sum(p.detail["dissimilarity"] for p in proposals("FeP2", 2, 6, seed))

    everything = [p.detail["dissimilarity"] for p in proposals("FeP2", 2, 25, 1)]
    drawn = sum(map(dissimilarity, range(1, 21))) / 20 / 6
    assert dissimilarity(0) / 6 < drawn < sum(everything) / len(everything)


@pytest.mark.parametrize(("formula", "z"), [("MgO", 4), ("Al2MgO4", 2), ("Si", 8), ("AlNi3", 2)])
def test_atoms_are_exact_and_structures_possible(formula: str, z: int) -> None:
    found = proposals(formula, z, 12)
    assert found
    for proposal in found:
        assert proposal.structure.composition == Composition(formula) * z
        assert invalid_reason(proposal.structure) is None


def test_more_than_there_are_templates_gives_rattled_copies() -> None:
    found = proposals("Al2MgO4", 2, 50)
    ideal = [p for p in found if p.detail["copy"] == 0]
    assert len(found) == 3 * len(ideal)
    assert [p.detail["copy"] for p in found] == sorted(p.detail["copy"] for p in found)
    assert space_group_number(found[-1].structure, 0.01) == 1


def test_proposals_are_the_same_for_the_same_seed() -> None:
    first, again, other = (proposals("Al2MgO4", 2, 50, seed) for seed in (1, 1, 2))
    assert [p.structure for p in first] == [p.structure for p in again]
    assert first[0].structure == other[0].structure
    assert first[-1].structure != other[-1].structure


def test_assignments_are_all_fitting_ones() -> None:
    spinel = next(t for t in templates() if t.name == "Spinel").structure
    assert assignments(spinel, {"Fe": 6, "O": 8}) == [{"Al": "Fe", "Mg": "Fe", "O": "O"}]
    assert assignments(spinel, {"Fe": 7, "O": 7}) == []
    assert assignments(spinel, {"Li": 1, "Fe": 5, "O": 6, "F": 2}) == []


def test_proposing_is_fast_once_the_library_is_read() -> None:
    templates()
    start = time.process_time()
    proposals("MgO", 4, 20)
    assert time.process_time() - start < 10


def test_known_crystals_of_other_systems_serve_as_templates(rocksalt: Structure) -> None:
    odd = rocksalt.get_primitive_structure()
    odd.replace_species({"Mg": "Ca", "O": "S"})
    source = TemplateSource([Template.known("s-1", odd)])
    cell = CompositionCell("BaSe", 1, Composition("BaSe"), 2)
    proposals = source.propose(cell, 50, seed=0)
    own = next(p for p in proposals if p.origin == "template:s-1")
    assert own.detail["assignment"] == {"Ca": "Ba", "S": "Se"}
    assert own.structure.composition == cell.composition
    assert [p.structure for p in source.propose(cell, 2, seed=0, first=1)] == [
        p.structure for p in proposals[1:3]
    ]
    assert [t.label for t in best_templates(cell, [Template.known("s-1", odd)], 3)] == ["s-1"]


def test_a_crystal_of_the_elements_themselves_keeps_its_volume() -> None:
    """Scaled like others, the molecules of O2 would have no bond any more."""
    molecules = proposals("O2", 1, 20)
    bonds = [
        p.structure.get_distance(0, 1) for p in molecules if p.detail["name"] == "alpha oxygen"
    ]
    assert bonds
    assert bonds[0] == pytest.approx(1.2, abs=0.1)
