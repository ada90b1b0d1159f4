"""Which cells are filled, and which only compete on the hull."""

from __future__ import annotations

from dao_core.potentials import Domain
from dao_core.search.cells import reference_cells, wanted_cells
from dao_core.search.compositions import parse_target
from flows.campaign.request import CampaignRequest


def test_a_system_brings_its_elements_and_needs_no_references() -> None:
    target = parse_target(["Mg-O"])
    cells = wanted_cells(target, CampaignRequest(targets=("Mg-O",)), Domain(max_atoms=20))
    assert {"Mg", "O2", "MgO"} <= {cell.formula for cell in cells}
    assert max(cell.natoms for cell in cells) <= 12
    assert reference_cells(target, cells) == []


def test_a_formula_gets_the_other_phases_of_its_system_as_references() -> None:
    target = parse_target(["MgO"])
    cells = wanted_cells(target, CampaignRequest(targets=("MgO",)), Domain(max_atoms=20))
    assert {cell.formula for cell in cells} == {"MgO"}
    references = {cell.formula for cell in reference_cells(target, cells)}
    assert {"Mg", "O2"} <= references
    assert "MgO" not in references


def test_what_is_named_outright_is_kept_beyond_the_domain() -> None:
    small = Domain(max_atoms=4)
    asked = CampaignRequest(targets=("MgO",), z=(1, 30))
    assert [c.z for c in wanted_cells(parse_target(["MgO"]), asked, small)] == [1, 30]
    large = CampaignRequest(targets=("Mg3Al2Si3O12",))
    (cell,) = wanted_cells(parse_target(large.targets), large, small)
    assert (cell.z, cell.natoms) == (1, 20)
