from __future__ import annotations

from pymatgen.core import Composition, Structure

from dao_core.crystal.reading import NamedStructure
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.user import UserSource


def test_structures_go_to_the_cell_of_their_primitive_size(
    rocksalt: Structure, magnesium: Structure
) -> None:
    source = UserSource([NamedStructure("a.cif", rocksalt), NamedStructure("b.cif", magnesium)])
    one = source.propose(CompositionCell("MgO", 1, Composition("MgO"), 2), 5, seed=0)
    assert [(p.origin, len(p.structure)) for p in one] == [("user:a.cif", 2)]
    assert source.propose(CompositionCell("MgO", 4, Composition("Mg4O4"), 8), 5, seed=0) == []
    metal = source.propose(CompositionCell("Mg", 2, Composition("Mg2"), 2), 5, seed=0)
    assert [p.origin for p in metal] == ["user:b.cif"]
