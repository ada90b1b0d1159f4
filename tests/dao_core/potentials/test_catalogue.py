"""Names of potentials: typos, packages and weights that are missing."""

from __future__ import annotations

import resource
import subprocess
import sys
from unittest.mock import MagicMock

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError, MissingError
from dao_core.potentials import ase as ase_module
from dao_core.potentials import calculators, catalogue, load_potential
from dao_core.potentials.catalogue import CATALOGUE, check_name
from dao_core.potentials.sevennet import WEIGHTS


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("sevnet-0", "sevennet-0"), ("CHGNET", "chgnet"), ("dao_p", "dao-p"), ("orbv3", "orb-v3")],
)
def test_a_typo_is_answered_with_the_nearest_name(typo, meant):
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        check_name(typo)


def test_a_typo_on_the_command_line_is_told_before_torch_is_loaded():
    program = (
        "import sys; from flows.cli.app import main; "
        "code = main(['phonons', 'x.cif', '--potential', 'sevnet-0']); "
        "sys.exit(code if 'torch' not in sys.modules else 77)"
    )
    begun = _child_seconds()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "did you mean sevennet-0" in done.stderr
    assert _child_seconds() - begun < 2.0  # a loaded machine doubles it


def _child_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_missing_package_is_named_with_its_pip_line(name, monkeypatch):
    monkeypatch.setattr(catalogue.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingError) as error:
        load_potential(name)
    assert CATALOGUE[name].package in str(error.value)
    assert CATALOGUE[name].install in str(error.value)


ASKED_FOR = {
    "sevennet-omni": ("SevenNetCalculator", "7net-omni"),
    "mace-mp-0": ("mace_mp", "medium"),
    "mace-mpa-0": ("mace_mp", "medium-mpa-0"),
    "orb-v3": ("orb_v3_conservative_inf_mpa", "ORBCalculator"),
    "mattersim-1m": ("MatterSimCalculator", "MatterSim-v1.0.0-1M.pth"),
    "mattersim-5m": ("MatterSimCalculator", "MatterSim-v1.0.0-5M.pth"),
    "nequix-mp": ("NequixCalculator", "nequix-mp-1"),
    "nequix-oam": ("NequixCalculator", "nequix-oam-1"),
    "grace-2l-oam": ("grace_fm", "GRACE-2L-OAM"),
    "pet-oam-xl": ("UPETCalculator", "pet-oam-xl"),
    "uma-s": ("FAIRChemCalculator", "uma-s-1p1"),
}


def test_every_name_of_another_library_has_a_loader():
    assert set(ASKED_FOR) == set(CATALOGUE) - {"chgnet", *WEIGHTS}


@pytest.mark.parametrize("name", list(ASKED_FOR))
def test_the_loader_asks_the_library_as_its_documentation_says(name, monkeypatch):
    """The libraries are not here: a stand-in records what it is asked for."""
    library, modules = MagicMock(), []
    monkeypatch.setattr(calculators, "_load", lambda module: modules.append(module) or library)
    getattr(calculators, name.replace("-", "_"))()
    assert all(module.startswith(CATALOGUE[name].package) for module in modules)
    calls = str(library.mock_calls)
    assert all(word in calls for word in ASKED_FOR[name])


def test_a_named_calculator_has_the_level_and_domain_of_its_name(monkeypatch):
    monkeypatch.setattr(catalogue.importlib.util, "find_spec", lambda _: object())
    potential = load_potential("mattersim-5m")
    assert potential.level.startswith("mattersim-5m")
    assert potential.domain.max_pressure == 1000.0


def test_weights_that_cannot_be_loaded_are_named():
    """A worker process finds out; here it lacks even the library."""
    target = "dao_core.potentials.calculators:nequix_mp"
    potential = ase_module.ASEPotential(target, workers=1, named=CATALOGUE["nequix-mp"])
    with pytest.raises(MissingError, match=r"nequix-mp.*weights \(downloaded.*No module.*nequix"):
        potential.evaluate(copper())
    potential.close()


def copper() -> CrystalBatch:
    crystal = Structure(Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    return CrystalBatch.from_structures([crystal], dtype=torch.float64)
