from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.prototype import prototype_label
from dao_core.crystal.structure_type import structure_type
from dao_core.crystal.symmetry import symmetrise


@pytest.mark.parametrize(
    ("elements", "group", "other", "name"),
    [
        (["Mg", "O"], "Fm-3m", 0.5, "Rock Salt"),
        (["Zn", "S"], "F-43m", 0.25, "Zincblende"),
        (["S", "Zn"], "F-43m", 0.25, "Zincblende"),  # whichever element is called A
        (["Cs", "Cl"], "Pm-3m", 0.5, "B2"),
    ],
)
def test_known_types_have_their_name(
    elements: list[str], group: str, other: float, name: str
) -> None:
    coords = [[0, 0, 0], [other] * 3]
    crystal = Structure.from_spacegroup(group, Lattice.cubic(4.5), elements, coords)
    assert name in str(structure_type(prototype_label(symmetrise(crystal))))


def test_a_type_that_is_not_in_the_library_has_none() -> None:
    assert structure_type("ABCD_aP4_1_a_a_a_a") is None
    assert structure_type("") is None
