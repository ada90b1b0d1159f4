from __future__ import annotations

from pymatgen.core import Structure

from dao_core.evaluation.overlap import audit_overlap
from dao_core.evaluation.sets import Reference


def test_formula_and_structure_overlap_are_told_apart(
    rocksalt: Structure, caesium_chloride: Structure, diamond: Structure
) -> None:
    references = [
        Reference("seen", rocksalt),
        Reference("other polymorph", caesium_chloride),
        Reference("new", diamond),
    ]
    training = [rocksalt.make_supercell([2, 1, 1], in_place=False)]
    audit = audit_overlap(training, references, processes=1)
    assert audit.same_formula == [True, True, False]
    assert audit.same_structure == [True, False, False]
    assert audit.clean == [2]
    assert audit.formula_overlap == 2 / 3
    assert audit.structure_overlap == 1 / 3
    assert audit.undecided == []


def test_nothing_overlaps_with_nothing(diamond: Structure) -> None:
    audit = audit_overlap([], [Reference("new", diamond)])
    assert audit.clean == [0]
    assert audit.formula_overlap == audit.structure_overlap == 0
