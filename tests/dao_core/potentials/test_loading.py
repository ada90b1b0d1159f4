"""Potentials by name."""

from __future__ import annotations

import pytest

from dao_core.errors import DaoError, InputError
from dao_core.potentials import load_potential
from dao_core.potentials import loading as loading_module
from dao_core.potentials.ase import ASEPotential


@pytest.mark.parametrize("name", ["", "chgnet-0.2.0", "DAO-P", "mace", "chgnet:x", "dao-p:"])
def test_unknown_names_are_refused_with_the_known_ones(name):
    with pytest.raises(InputError, match=r"dao-p.*chgnet.*ase:"):
        load_potential(name)


def test_ase_names_keep_everything_after_the_first_colon():
    potential = load_potential("ase:ase.calculators.emt:EMT")
    assert isinstance(potential, ASEPotential)
    assert potential.level.startswith("ase:ase.calculators.emt:EMT@")


@pytest.mark.parametrize(("name", "asked"), [("dao-p", "dao-p"), ("dao-p:a/b:c.x", "a/b:c.x")])
def test_dao_p_goes_to_the_predictor(name, asked, monkeypatch):
    class Predictor:
        @staticmethod
        def load_predictor(path_or_name, device):
            return (path_or_name, device)

    monkeypatch.setattr(loading_module.importlib, "import_module", lambda _: Predictor)
    assert load_potential(name, "cpu") == (asked, "cpu")


def test_a_missing_dao_p_file_is_a_typed_error(tmp_path):
    with pytest.raises(DaoError):
        load_potential(f"dao-p:{tmp_path / 'absent.safetensors'}")
