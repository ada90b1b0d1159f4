"""Hard questions get candidates or a clear refusal, and either quickly."""

from __future__ import annotations

import time

import pytest

from dao_core.crystal.validity import invalid_reason
from dao_core.errors import DomainError
from dao_core.potentials import Domain
from dao_core.search.cells import wanted_cells
from dao_core.search.compositions import parse_target
from dao_core.search.conditions import level_at
from dao_core.search.preflight import domain_warnings
from dao_core.search.sources import TemplateSource
from flows.campaign.request import CampaignRequest

TRAINED = Domain(max_atoms=40, max_pressure=177.0)


@pytest.mark.parametrize(
    "formula", ["CO2", "NH3", "XeF2", "LaH10", "UO2", "PuO2", "MgO7", "BaTiO3"]
)
def test_templates_have_something_or_nothing_but_never_fail(formula: str) -> None:
    """Molecules, hydrides, f-elements, a noble gas, a composition that no charges balance."""
    begun = time.process_time()
    request = CampaignRequest(targets=(formula,))
    cells = wanted_cells(parse_target([formula]), request, TRAINED)
    assert cells
    for cell in cells[:2]:
        for proposal in TemplateSource().propose(cell, 3, seed=0):
            assert proposal.structure.composition == cell.composition
            assert invalid_reason(proposal.structure) is None
    assert time.process_time() - begun < 20  # a second, and what else the machine does is no matter


def test_forty_hydrogens_are_refused_with_the_limit() -> None:
    request = CampaignRequest(targets=("LaH40",))
    cells = wanted_cells(parse_target(["LaH40"]), request, TRAINED)
    with pytest.raises(DomainError, match=r"41 atoms per cell.*at most 40.*--force"):
        domain_warnings(cells, TRAINED, force=False)
    assert len(domain_warnings(cells, TRAINED, force=True)) == 1


def test_a_pressure_beyond_the_training_is_refused_or_forced_with_a_warning() -> None:
    cells = wanted_cells(parse_target(["MgO"]), CampaignRequest(targets=("MgO",)), TRAINED)
    with pytest.raises(DomainError, match=r"300 GPa.*at most 177 GPa"):
        domain_warnings(cells, TRAINED, pressure=300.0, force=False)
    (warning,) = domain_warnings(cells, TRAINED, pressure=300.0, force=True)
    assert "300 GPa" in warning
    assert domain_warnings(cells, TRAINED, pressure=100.0, force=False) == []


def test_a_level_names_its_pressure() -> None:
    assert level_at("dao-p@1", 0.0) == "dao-p@1"
    assert level_at("dao-p@1", 50.0) == "dao-p@1, enthalpy at 50 GPa"
