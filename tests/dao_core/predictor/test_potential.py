"""DAO-P as a potential: batches, bad items, levels, files, the ASE calculator."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from ase import Atoms
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.checkpoints.format import checkpoint_hash, save_checkpoint
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import CheckpointError, DomainError, MissingError
from dao_core.predictor import DaoCalculator, load_predictor
from dao_core.predictor.checkpoint import KIND
from dao_core.predictor.potential import pressure_limit


def test_a_crystal_does_not_feel_its_neighbours_or_padding(
    potential, titanate, rocksalt, double_batch
):
    together = potential.evaluate(double_batch(titanate, rocksalt, titanate))
    alone = potential.evaluate(double_batch(rocksalt))
    torch.testing.assert_close(together.energy[1], alone.energy[0], rtol=1e-12, atol=0)
    torch.testing.assert_close(together.forces[1, :2], alone.forces[0], rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(together.energy[0], together.energy[2], rtol=1e-13, atol=0)
    assert (together.forces[1, 2:] == 0).all()


@pytest.mark.parametrize(
    ("card", "limit"),
    [
        ({}, None),
        ({"max_pressure": 30.0, "label_levels": ["chgnet-0.3.0"]}, 30.0),
        ({"max_pressure": 177.0, "label_levels": ["chgnet-0.3.0", "qe-pbe"]}, 80.0),
        ({"max_pressure": 177.0, "label_levels": ["qe-pbe"]}, 177.0),
    ],
)
def test_no_model_is_fit_beyond_its_labels_and_its_teacher(card, limit):
    assert pressure_limit(card) == limit


def test_bad_crystals_are_named_and_spoil_nothing(potential, titanate, rocksalt, double_batch):
    good = double_batch(titanate, rocksalt, rocksalt, rocksalt, rocksalt)
    frac_coords, lattice = good.frac_coords.clone(), good.lattice.clone()
    frac_coords[1, 0, 0] = torch.nan
    lattice[2] = 0.0
    lattice[3, 2] = lattice[3, 0] + 1e-3 * lattice[3, 1]  # almost flat
    frac_coords[4, 1] = frac_coords[4, 0]  # atoms on top of each other
    bad = CrystalBatch(good.atomic_numbers, frac_coords, lattice, good.mask)
    evaluation = potential.evaluate(bad)
    assert set(evaluation.errors) == {1, 2, 3}
    assert "finite" in evaluation.errors[1]
    assert "volume" in evaluation.errors[2]
    assert torch.isnan(evaluation.energy[[1, 2, 3]]).all()
    assert evaluation.energy[4] > 1000
    alone = potential.evaluate(double_batch(titanate))
    torch.testing.assert_close(evaluation.energy[0], alone.energy[0], rtol=1e-12, atol=0)


def test_energies_that_are_not_finite_are_named(energy_model, potential, rocksalt, double_batch):
    oxygen = energy_model.reference[8].clone()
    energy_model.reference[8] = torch.inf
    alone = double_batch(rocksalt.copy().replace_species({"O": "S"}), rocksalt)
    try:
        evaluation = potential.evaluate(alone)
    finally:
        energy_model.reference[8] = oxygen
    assert list(evaluation.errors) == [1]
    assert "no finite energy" in evaluation.errors[1]
    assert torch.isfinite(evaluation.energy[0])


def test_uncertainty_is_positive_and_independent_of_the_cell(potential, titanate, double_batch):
    alone = potential.evaluate(double_batch(titanate)).energy_std[0]
    doubled = potential.evaluate(double_batch(titanate.make_supercell([2, 1, 1]))).energy_std[0]
    assert float(alone) > 0
    torch.testing.assert_close(doubled, alone, rtol=1e-8, atol=0)


def test_many_crystals_are_evaluated_in_several_passes(potential, titanate, double_batch):
    rng = np.random.default_rng(0)
    structures = [titanate.copy().perturb(float(rng.uniform(0, 0.2))) for _ in range(80)]
    evaluation = potential.evaluate(double_batch(*structures))
    last = potential.evaluate(double_batch(structures[-1]))
    assert torch.isfinite(evaluation.energy).all()
    torch.testing.assert_close(evaluation.energy[-1], last.energy[0], rtol=1e-11, atol=0)


def test_the_domain_names_what_the_model_was_not_made_for(potential, titanate):
    assert potential.domain.objection(titanate) is None
    strange = titanate.copy().replace_species({"Ti": "U"})
    assert "U" in potential.domain.objection(strange)


def test_formation_energy_subtracts_the_elemental_energies(potential, energy_model, rocksalt):
    batch = CrystalBatch.from_structures([rocksalt], dtype=torch.float64)
    before = float(potential.formation_energy_per_atom(batch)[0])
    energy_model.elemental_energy[12] += 1.0
    after = float(potential.formation_energy_per_atom(batch)[0])
    energy_model.elemental_energy[12] -= 1.0
    assert before - after == pytest.approx(0.5)


def test_calculator_and_batched_call_agree(potential, titanate, double_batch):
    evaluation = potential.evaluate(double_batch(titanate))
    atoms = AseAtomsAdaptor.get_atoms(titanate)
    atoms.calc = DaoCalculator(potential)
    assert atoms.get_potential_energy() == pytest.approx(float(evaluation.energy[0]), rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), evaluation.forces[0], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(
        atoms.get_stress(voigt=False), evaluation.stress[0], rtol=1e-9, atol=1e-11
    )


def test_calculator_refuses_molecules(potential):
    atoms = Atoms("O2", positions=[[0, 0, 0], [0, 0, 1.2]])
    atoms.calc = DaoCalculator(potential)
    with pytest.raises(DomainError, match="pbc"):
        atoms.get_potential_energy()


def test_a_saved_model_loads_within_a_second_and_says_the_same(
    energy_model, potential, titanate, tmp_path
):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, energy_model.state_dict(), {"kind": KIND, "config": "tiny-physical"})
    start = time.process_time()
    loaded = load_predictor(path)
    assert time.process_time() - start < 1.0
    assert loaded.level == f"dao-p@{checkpoint_hash(path)}"
    batch = CrystalBatch.from_structures([titanate])
    expected = potential.evaluate(batch).energy[0]
    torch.testing.assert_close(loaded.evaluate(batch).energy[0], expected, rtol=1e-5, atol=0)


def test_unfit_model_files_are_refused(energy_model, tmp_path):
    with pytest.raises(MissingError):
        load_predictor(tmp_path / "absent.safetensors")
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, energy_model.state_dict(), {"kind": "dao-g", "config": "mini"})
    with pytest.raises(CheckpointError, match="dao-g"):
        load_predictor(other)
    nameless = tmp_path / "nameless.safetensors"
    save_checkpoint(nameless, energy_model.state_dict(), {"kind": KIND})
    with pytest.raises(CheckpointError, match="config"):
        load_predictor(nameless)
    larger = tmp_path / "larger.safetensors"
    save_checkpoint(larger, energy_model.state_dict(), {"kind": KIND, "config": "mini-physical"})
    with pytest.raises(CheckpointError, match="shape"):
        load_predictor(larger)
