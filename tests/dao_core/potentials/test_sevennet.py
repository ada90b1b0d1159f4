"""SevenNet in batches: its own calculator, independence of neighbours, bounded passes, bad rows."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import load_potential
from dao_core.potentials import sevennet as sevennet_module

pytest.importorskip("sevenn")
OWN = {"sevennet-0": "7net-0", "sevennet-l3i5": "7net-l3i5"}


@pytest.fixture(scope="module", params=list(OWN))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def potential(name):
    return load_potential(name, "cpu").raw  # before it is put onto the scale of the hulls


def evaluate(potential, structures):
    return potential.evaluate(CrystalBatch.from_structures(structures, dtype=torch.float64))


@pytest.mark.filterwarnings("ignore")
def test_agrees_with_its_own_calculator_to_single_precision(name, potential, crystals):
    calculator = importlib.import_module("sevenn.calculator").SevenNetCalculator(
        OWN[name], device="cpu"
    )
    evaluation = evaluate(potential, crystals)
    for row, structure in enumerate(crystals):
        atoms = structure.to_ase_atoms(msonable=False)
        atoms.calc = calculator
        forces = evaluation.forces[row, : len(structure)]
        assert float(evaluation.energy[row]) == pytest.approx(
            atoms.get_potential_energy(), abs=1e-5
        )
        assert np.allclose(forces, atoms.get_forces(), atol=1e-5)
        assert np.allclose(evaluation.stress[row], atoms.get_stress(voigt=False), atol=1e-6)


def test_passes_are_bounded_and_change_nothing(potential, crystals, monkeypatch):
    at_once = evaluate(potential, crystals)
    sizes = []
    joined = sevennet_module.SevenNetPotential._joined

    def counted(self, part):
        sizes.append(sum(crystal.pairs.shape[1] for crystal in part))
        return joined(self, part)

    monkeypatch.setattr(sevennet_module, "EDGES_PER_PASS", 150)
    monkeypatch.setattr(sevennet_module.SevenNetPotential, "_joined", counted)
    in_parts = evaluate(potential, crystals)
    assert len(sizes) > 1
    assert torch.allclose(at_once.energy, in_parts.energy, atol=1e-5)
    assert torch.allclose(at_once.forces, in_parts.forces, atol=1e-5)


def test_bad_rows_are_named_and_the_rest_is_right(potential, crystals):
    lonely = Structure(Lattice.cubic(20.0), ["He"], [[0, 0, 0]])
    unknown = Structure(Lattice.cubic(3.4), ["Po"], [[0, 0, 0]])
    dense = Structure(Lattice.cubic(0.2), ["O"], [[0, 0, 0]])
    evaluation = evaluate(potential, [lonely, crystals[0], unknown, dense])
    assert evaluation.energy.isnan().tolist() == [True, False, True, True]
    assert "neighbour" in evaluation.errors[0]
    assert "Po" in evaluation.errors[2]
    assert "dense" in evaluation.errors[3]
    alone = evaluate(potential, crystals[:1])
    assert float(evaluation.energy[1]) == pytest.approx(float(alone.energy[0]), abs=1e-5)


def test_domains_say_what_each_is_fit_for(crystals):
    small, large = (load_potential(name, "cpu").domain for name in OWN)
    slab = Structure(Lattice.tetragonal(4, 20), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0]])
    assert "at most 20 GPa" in small.objection(crystals[0], pressure=50.0)
    assert large.objection(crystals[0], pressure=50.0) is None
    assert "vacuum" in small.objection(slab)
    assert large.objection(slab) is None
