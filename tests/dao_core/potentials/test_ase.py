"""Any ASE calculator, one crystal at a time, in worker processes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase.calculators.emt import EMT
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError, MissingError
from dao_core.potentials.ase import ASEPotential
from dao_core.relax import relax

CALCULATORS = """
import os
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

class Fragile(EMT):
    def calculate(self, atoms=None, *args, **kwargs):
        if "Ag" in atoms.get_chemical_symbols():
            os._exit(7)
        super().calculate(atoms, *args, **kwargs)

class EnergyOnly(Calculator):
    implemented_properties = ("energy",)
    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results = {"energy": 0.0}

def unlicensed():
    raise RuntimeError("no licence")
"""


@pytest.fixture(scope="module")
def emt():
    potential = ASEPotential("ase.calculators.emt:EMT", workers=1)
    yield potential
    potential.close()


@pytest.fixture
def calculators(tmp_path, monkeypatch):
    (tmp_path / "calculators_for_a_test.py").write_text(CALCULATORS)
    monkeypatch.syspath_prepend(tmp_path)
    return "calculators_for_a_test"


@pytest.fixture
def copper():
    coords = [[0, 0, 0], [0.5, 0.5, 0.01], [0.5, 0, 0.5], [0, 0.52, 0.5]]
    return Structure(Lattice.cubic(3.8), ["Cu"] * 4, coords)


def batch_of(*structures):
    return CrystalBatch.from_structures(structures, dtype=torch.float64)


def test_gives_the_calculators_numbers(emt, copper):
    evaluation = emt.evaluate(batch_of(copper))
    atoms = AseAtomsAdaptor.get_atoms(copper)
    atoms.calc = EMT()
    assert float(evaluation.energy[0]) == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
    assert np.allclose(evaluation.forces[0], atoms.get_forces(), atol=1e-9)
    assert np.allclose(evaluation.stress[0], atoms.get_stress(voigt=False), atol=1e-9)
    assert evaluation.energy_std is None


def test_one_refused_crystal_costs_itself_only(emt, copper):
    magnesium = Structure(Lattice.cubic(3.0), ["Mg"], [[0, 0, 0]])
    for _ in range(2):
        evaluation = emt.evaluate(batch_of(magnesium))
        assert "Mg" in evaluation.errors[0], "refused again, not half prepared"
    evaluation = emt.evaluate(batch_of(magnesium, copper))
    assert evaluation.energy.isnan().tolist() == [True, False]
    assert "Mg" in evaluation.errors[0]


def test_relaxes_through_the_common_interface(emt, copper):
    [relaxed] = relax([copper], emt)
    assert relaxed.converged
    assert relaxed.volume / 4 == pytest.approx(3.59**3 / 4, rel=0.01)
    assert relaxed.level.startswith("ase:ase.calculators.emt:EMT@3.")


def test_a_crashing_process_costs_one_crystal(calculators, copper):
    silver = Structure(Lattice.cubic(4.1), ["Ag"], [[0, 0, 0]])
    potential = ASEPotential(f"{calculators}:Fragile", workers=1)
    evaluation = potential.evaluate(batch_of(copper, silver, copper))
    potential.close()
    assert evaluation.energy.isnan().tolist() == [False, True, False]
    assert "process" in evaluation.errors[1].lower()


def test_a_calculator_without_stress_is_refused(calculators, copper):
    potential = ASEPotential(f"{calculators}:EnergyOnly", workers=1)
    with pytest.raises(InputError, match="lacks a property"):
        potential.evaluate(batch_of(copper))
    potential.close()


def test_a_factory_that_fails_is_told_as_such(calculators, copper):
    potential = ASEPotential(f"{calculators}:unlicensed", workers=2)
    for _ in range(2):
        with pytest.raises(InputError, match=r"the factory fails .*no licence"):
            potential.evaluate(batch_of(copper, copper))


@pytest.mark.parametrize("target", ["", "EMT", ":EMT", "ase.calculators.emt:", "ase.units:GPa"])
def test_malformed_targets_are_refused(target):
    with pytest.raises(InputError, match="ase:"):
        ASEPotential(target)


def test_a_missing_package_is_named():
    with pytest.raises(MissingError, match="no_such_package"):
        ASEPotential("no_such_package.calculator:Model")
