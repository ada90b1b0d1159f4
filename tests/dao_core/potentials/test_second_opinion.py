"""DAO-P guards potentials of its own scale, where it is fit to, and never itself."""

from __future__ import annotations

from types import SimpleNamespace

from dao_core.potentials import Domain
from dao_core.potentials.base import VASP_PBE_FLOOR
from dao_core.potentials.second_opinion import second_opinion


def potential(level, lowest_energy=VASP_PBE_FLOOR):
    return SimpleNamespace(level=level, domain=Domain(lowest_energy=lowest_energy))


def test_dao_p_judges_others_up_to_the_pressure_it_is_fit_for():
    assert second_opinion(potential("sevennet-0")).level.startswith("dao-p@")
    assert second_opinion(potential("sevennet-0"), pressure=80.0) is not None
    assert second_opinion(potential("sevennet-0"), pressure=81.0) is None


def test_it_is_not_asked_about_itself_or_about_another_zero():
    assert second_opinion(potential("dao-p@0123")) is None
    assert second_opinion(potential("ase:emt", lowest_energy=None)) is None
