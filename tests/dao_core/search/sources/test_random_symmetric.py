from __future__ import annotations

from pymatgen.core import Composition

from dao_core.crystal.symmetry import space_group_number, standard_primitive
from dao_core.crystal.validity import invalid_reason
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.random_symmetric import RandomSymmetricSource

RUTILE_CELL = CompositionCell("TiO2", 2, Composition("Ti2O4"), 6)


def test_random_crystals_are_exact_symmetric_and_repeatable() -> None:
    found = RandomSymmetricSource(processes=2).propose(RUTILE_CELL, 6, seed=3)
    assert len(found) == 6
    for proposal in found:
        assert proposal.origin == "random"
        assert proposal.structure.composition == RUTILE_CELL.composition
        assert len(standard_primitive(proposal.structure, 0.01)) == 6
        assert space_group_number(proposal.structure, 0.01) > 1
        assert invalid_reason(proposal.structure) is None
    again = RandomSymmetricSource(processes=1).propose(RUTILE_CELL, 3, seed=3)
    assert [p.structure for p in again] == [p.structure for p in found[:3]]
    assert len({p.detail["random_space_group"] for p in found}) > 1
