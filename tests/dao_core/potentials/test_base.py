"""The common ground of potentials: domains, assembling, unusable rows."""

from __future__ import annotations

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Domain
from dao_core.potentials.base import assemble, structures_or_errors


@pytest.fixture
def pair():
    return [
        Structure(Lattice.cubic(4.2), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        Structure(Lattice.cubic(3.0), ["Po"], [[0, 0, 0]]),
    ]


@pytest.mark.parametrize(
    ("domain", "pressure", "word"),
    [
        (Domain(), 500.0, None),
        (Domain(max_atoms=1), 0.0, "2 atoms"),
        (Domain(elements=frozenset({"Na"})), 0.0, "Cl"),
        (Domain(elements=frozenset({"Na", "Cl"}), max_atoms=2), 0.0, None),
        (Domain(max_pressure=10.0), 20.0, "20 GPa"),
        (Domain(max_pressure=10.0), 5.0, None),
    ],
)
def test_domain_says_what_lies_outside(pair, domain, pressure, word):
    objection = domain.objection(pair[0], pressure)
    assert objection is None if word is None else word in objection


def test_a_potential_of_bulk_crystals_objects_to_surfaces_and_defects(pair):
    slab = Structure(Lattice.tetragonal(3.0, 20.0), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.1]])
    bulk_only = Domain(bulk_only=True)
    assert bulk_only.objection(pair[0]) is None
    assert bulk_only.objection(slab) == "18 angstrom of vacuum, made for bulk crystals"
    assert "made for perfect crystals" in bulk_only.objection_to_defects
    assert Domain().objection(slab) is None
    assert Domain().objection_to_defects is None


def test_assembling_leaves_absent_rows_nan_and_padding_zero(pair):
    batch = CrystalBatch.from_structures(pair)
    row = (torch.tensor(-1.5), torch.full((1, 3), 0.25), torch.eye(3))
    evaluation = assemble(batch, {1: row}, {0: "broken"})
    assert evaluation.energy.isnan().tolist() == [True, False]
    assert evaluation.forces[0].isnan().all()
    assert evaluation.forces[1].tolist() == [[0.25] * 3, [0.0] * 3]
    assert evaluation.errors == {0: "broken"}


def test_rows_without_volume_or_number_are_named_not_raised(pair):
    batch = CrystalBatch.from_structures([*pair, pair[0]], dtype=torch.float64)
    batch.lattice[0] = 0.0
    batch.frac_coords[2, 1, 0] = torch.nan
    structures, errors = structures_or_errors(batch)
    assert list(structures) == [1]
    assert structures[1].formula == "Po1"
    assert list(errors) == [0, 2]
