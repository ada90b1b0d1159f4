"""What ``auto`` means: the best installed potential that is fit for the purpose."""

from __future__ import annotations

import pytest

from dao_core.potentials import catalogue
from dao_core.potentials.choice import BY_PURPOSE, best_for


@pytest.fixture
def installed(monkeypatch):
    """Say which packages are there."""

    def only(*packages):
        monkeypatch.setattr(
            catalogue.importlib.util, "find_spec", lambda name: name if name in packages else None
        )

    return only


def test_each_purpose_has_its_potential(installed):
    installed("sevenn", "chgnet")
    assert best_for("refinement") == "sevennet-0"
    assert best_for("phonons") == "sevennet-0"
    assert best_for("surfaces") == best_for("defects") == "sevennet-l3i5"


def test_beyond_its_pressure_the_next_one_takes_its_place(installed):
    installed("sevenn", "chgnet")
    assert best_for("refinement", pressure=20) == "sevennet-0"
    assert best_for("refinement", pressure=21) == "chgnet"
    assert best_for("refinement", pressure=81) is None


def test_hydrides_under_pressure_are_never_asked_of_sevennet(installed):
    installed("sevenn", "chgnet")
    assert best_for("refinement", ["La", "H"], pressure=10) == "chgnet"
    assert best_for("refinement", ["Mg", "H"]) == "sevennet-0"
    assert not any("sevennet" in name for name in BY_PURPOSE["hydrides"])


def test_what_is_not_installed_is_passed_over(installed):
    installed("chgnet")
    assert best_for("refinement") == "chgnet"
    installed()
    assert best_for("refinement") is None
