"""CHGNet in batches: units and signs, its own calculator, independence of neighbours."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import chgnet as chgnet_module
from dao_core.potentials import energies_of, load_potential
from dao_core.relax import RelaxSettings, relax

pytest.importorskip("chgnet")


@pytest.fixture(scope="module")
def potential():
    return load_potential("chgnet")


def evaluate(potential, structures):
    return potential.evaluate(CrystalBatch.from_structures(structures, dtype=torch.float64))


def test_agrees_with_its_own_calculator(potential, crystals, capsys):
    dynamics = importlib.import_module("chgnet.model.dynamics")
    calculator = dynamics.CHGNetCalculator(use_device="cpu")
    evaluation = evaluate(potential, crystals)
    for row, structure in enumerate(crystals):
        atoms = AseAtomsAdaptor.get_atoms(structure)
        atoms.calc = calculator
        n = len(structure)
        stress = np.asarray(atoms.get_stress(voigt=False))
        assert float(evaluation.energy[row]) == pytest.approx(
            atoms.get_potential_energy(), abs=1e-4
        )
        assert np.allclose(evaluation.forces[row, :n], atoms.get_forces(), atol=2e-4)
        assert np.allclose(evaluation.stress[row], (stress + stress.T) / 2, atol=2e-5)


def test_forces_are_minus_the_derivative_in_ev_per_angstrom(potential, crystals):
    structure, h = crystals[0], 0.01
    forces = evaluate(potential, [structure]).forces[0]
    for atom, axis in ((0, 0), (1, 2)):
        moved = []
        for sign in (1, -1):
            copy = structure.copy()
            copy.translate_sites([atom], sign * h * np.eye(3)[axis], frac_coords=False)
            moved.append(copy)
        up, down = evaluate(potential, moved).energy
        assert float(forces[atom, axis]) == pytest.approx(float(down - up) / (2 * h), abs=5e-3)


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, 2)])
def test_stress_is_the_strain_derivative_over_volume(potential, crystals, i, j):
    structure, h = crystals[0], 0.004
    strained = []
    for sign in (1, -1):
        strain = np.zeros((3, 3))
        strain[i, j] += sign * h / 2
        strain[j, i] += sign * h / 2
        lattice = Lattice(structure.lattice.matrix @ (np.eye(3) + strain))
        strained.append(Structure(lattice, structure.species, structure.frac_coords))
    up, down = evaluate(potential, strained).energy
    stress = evaluate(potential, [structure]).stress[0]
    numeric = float(up - down) / (2 * h) / structure.volume
    assert float(stress[i, j]) == pytest.approx(numeric, abs=1e-3)


def test_a_compressed_crystal_has_negative_stress(potential):
    squeezed = Structure.from_spacegroup(
        225, Lattice.cubic(3.9), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]
    )
    assert evaluate(potential, [squeezed]).stress[0].diagonal().max() < -0.05


def test_neighbours_in_the_batch_do_not_matter(potential, crystals):
    together = evaluate(potential, crystals)
    for row, structure in enumerate(crystals):
        alone = evaluate(potential, [structure])
        n = len(structure)
        assert float(together.energy[row]) == pytest.approx(float(alone.energy[0]), abs=1e-5)
        assert torch.allclose(together.forces[row, :n], alone.forces[0], atol=1e-5)


def test_many_atoms_go_in_several_passes(potential, crystals, monkeypatch):
    at_once = evaluate(potential, crystals)
    monkeypatch.setattr(chgnet_module, "ANGLES_PER_PASS", 100)
    in_parts = evaluate(potential, crystals)
    assert torch.allclose(at_once.energy, in_parts.energy, atol=1e-5)


def test_bad_rows_are_named_and_the_rest_is_right(potential, crystals):
    lonely = Structure(Lattice.cubic(20.0), ["He"], [[0, 0, 0]])
    heavy = Structure(Lattice.cubic(3.5), ["Cf"], [[0, 0, 0]])
    evaluation = evaluate(potential, [lonely, crystals[0], heavy])
    assert evaluation.energy.isnan().tolist() == [True, False, True]
    assert "isolated" in evaluation.errors[0]
    assert "94" in evaluation.errors[2]
    alone = evaluate(potential, crystals[:1])
    assert float(evaluation.energy[1]) == pytest.approx(float(alone.energy[0]), abs=1e-5)


def test_level_and_domain(potential, crystals):
    assert potential.level == "chgnet-0.3.0"
    assert potential.domain.objection(crystals[0]) is None
    assert potential.domain.objection(crystals[0], pressure=50.0) is None
    assert "at most 80 GPa" in potential.domain.objection(crystals[0], pressure=150.0)
    assert len(potential.domain.elements) == 89
    assert "Po" in potential.domain.objection(Structure(Lattice.cubic(3.4), ["Po"], [[0, 0, 0]]))


def test_loading_keeps_stdout_clean(capsys):
    load_potential("chgnet")
    assert capsys.readouterr().out == ""


def test_relaxes_rocksalt_to_its_lattice_constant(potential, crystals):
    [relaxed] = relax(crystals[:1], potential, RelaxSettings(fmax=0.01, smax=0.001))
    assert relaxed.converged
    assert (4 * relaxed.volume) ** (1 / 3) == pytest.approx(4.25, abs=0.03)
    assert relaxed.level == "chgnet-0.3.0"


def test_too_dense_a_crystal_costs_itself_and_no_memory(potential, crystals):
    """Two O in close packing at the bond length of the molecule have 80,000 angles."""
    cell = Lattice.hexagonal(0.93, 1.52)
    squeezed = Structure(cell, ["O"] * 2, [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])
    squeezed.make_supercell([2, 1, 1])
    evaluation = evaluate(potential, [crystals[0], squeezed])
    assert "too dense" in evaluation.errors[1]
    assert torch.isnan(evaluation.energy[1])
    alone = evaluate(potential, [crystals[0]])
    assert float(evaluation.energy[0]) == pytest.approx(float(alone.energy[0]), abs=1e-5)


def test_energies_alone_are_those_of_an_evaluation(potential, crystals):
    lonely = Structure(Lattice.cubic(30.0), ["Cu"], [[0, 0, 0]])
    batch = CrystalBatch.from_structures([*crystals, lonely])
    alone, whole = energies_of(potential, batch), potential.evaluate(batch).energy
    assert torch.equal(alone.isnan(), whole.isnan())
    assert torch.allclose(alone, whole, rtol=0, atol=1e-4, equal_nan=True)
