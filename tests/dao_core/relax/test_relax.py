"""Relaxation: known minima, invariances, agreement with ASE."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation

from dao_core.predictor import DaoCalculator
from dao_core.relax import RelaxSettings, relax
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

TIGHT = RelaxSettings(fmax=1e-5, smax=1e-7)


def perturbed(structure, seed=3, size=0.03):
    rng = np.random.default_rng(seed)
    strain = np.eye(3) + rng.normal(0, size, (3, 3))
    coords = structure.frac_coords + rng.normal(0, size, structure.frac_coords.shape)
    return Structure(Lattice(structure.lattice.matrix @ strain), structure.species, coords)


def test_fcc_reaches_the_minimum_of_its_lattice_sum(lennard_jones, fcc, fcc_energy):
    best = minimize_scalar(fcc_energy, bounds=(3.0, 4.5), method="bounded", options={"xatol": 1e-9})
    start = perturbed(fcc.make_supercell([2, 1, 1], in_place=False))
    [relaxed] = relax([start], lennard_jones, TIGHT)
    assert relaxed.stop_reason == "converged"
    assert relaxed.energy_per_atom == pytest.approx(best.fun, abs=1e-8)
    assert relaxed.volume / 2 == pytest.approx(best.x**3 / 4, rel=1e-6)
    assert SpacegroupAnalyzer(relaxed.structure, 1e-3).get_space_group_number() == 225


@pytest.mark.parametrize("pressure", [20.0, -5.0])
def test_pressure_reaches_the_minimum_of_the_enthalpy(lennard_jones, fcc, fcc_energy, pressure):
    p = pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA
    best = minimize_scalar(
        lambda a: fcc_energy(a) + p * a**3 / 4, bounds=(2.8, 4.0), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    settings = RelaxSettings(fmax=1e-5, smax=1e-7, pressure=pressure)
    [relaxed] = relax([perturbed(fcc)], lennard_jones, settings)
    assert relaxed.converged
    assert relaxed.volume == pytest.approx(best.x**3 / 4, rel=1e-6)
    assert relaxed.enthalpy_per_atom == pytest.approx(best.fun, abs=1e-8)
    assert relaxed.energy_per_atom == pytest.approx(fcc_energy(best.x), abs=1e-7)


def test_energies_before_and_after_are_the_potentials_own(lennard_jones, rattled):
    [relaxed] = relax(rattled[:1], lennard_jones, TIGHT)
    before, after = (
        float(lennard_jones.evaluate(_batch([s])).energy[0]) / 2
        for s in (rattled[0], relaxed.structure)
    )
    assert relaxed.energy_per_atom_before == pytest.approx(before, abs=1e-12)
    assert relaxed.energy_per_atom == pytest.approx(after, abs=1e-9)
    assert after < before - 0.01


def test_neighbours_in_the_batch_change_nothing(lennard_jones, rattled):
    alone = [relax([structure], lennard_jones, TIGHT)[0] for structure in rattled]
    together = relax(rattled[::-1], lennard_jones, TIGHT)[::-1]
    in_pairs = relax(rattled, lennard_jones, RelaxSettings(fmax=1e-5, smax=1e-7, batch_atoms=12))
    for one, many, few in zip(alone, together, in_pairs, strict=True):
        assert one.stop_reason == many.stop_reason == few.stop_reason == "converged"
        assert one.steps == many.steps == few.steps
        for other in (many, few):
            assert np.allclose(one.structure.frac_coords, other.structure.frac_coords, atol=1e-7)
            assert np.allclose(
                one.structure.lattice.matrix, other.structure.lattice.matrix, atol=1e-7
            )


def test_waiting_crystals_take_the_places_of_finished_ones(lennard_jones, rattled):
    many = rattled * 2
    relax(many, lennard_jones, RelaxSettings(batch_atoms=18))
    longest = max(r.steps for r in relax(many, lennard_jones, RelaxSettings()))
    assert max(lennard_jones.batch_sizes[: len(lennard_jones.batch_sizes) // 2]) > 2
    # Batch after batch, each as long as its slowest, would take far more calls.
    assert len(lennard_jones.batch_sizes) < 6 * longest


def test_same_call_twice_gives_the_same_bits(lennard_jones, rattled):
    first, second = (relax(rattled, lennard_jones) for _ in range(2))
    assert [r.energy_per_atom for r in first] == [r.energy_per_atom for r in second]
    assert all(
        (a.structure.frac_coords == b.structure.frac_coords).all()
        for a, b in zip(first, second, strict=True)
    )


def test_atom_order_does_not_matter(lennard_jones, rattled):
    start = rattled[4]
    order = [4, 2, 0, 5, 1, 3]
    shuffled = Structure.from_sites([start[i] for i in order])
    a, b = relax([start, shuffled], lennard_jones, TIGHT)
    assert a.steps == b.steps
    assert b.energy_per_atom == pytest.approx(a.energy_per_atom, abs=1e-9)
    moved = b.structure.frac_coords - a.structure.frac_coords[order]
    assert np.allclose(moved - np.rint(moved), 0, atol=1e-7)


def test_origin_does_not_matter(lennard_jones, rattled):
    start = rattled[3]
    shifted = start.copy()
    shifted.translate_sites(range(len(shifted)), [0.31, 0.77, 0.13])
    a, b = relax([start, shifted], lennard_jones, TIGHT)
    assert (a.steps, b.energy_per_atom) == (b.steps, pytest.approx(a.energy_per_atom, abs=1e-9))
    assert np.allclose(a.structure.lattice.matrix, b.structure.lattice.matrix, atol=1e-7)


def test_orientation_does_not_matter_and_is_kept(lennard_jones, rattled):
    start = rattled[4]
    rotation = Rotation.random(random_state=1).as_matrix()
    turned = Structure(Lattice(start.lattice.matrix @ rotation.T), start.species, start.frac_coords)
    a, b = relax([start, turned], lennard_jones, TIGHT)
    assert (a.steps, b.energy_per_atom) == (b.steps, pytest.approx(a.energy_per_atom, abs=1e-9))
    assert np.allclose(
        b.structure.lattice.matrix, a.structure.lattice.matrix @ rotation.T, atol=1e-6
    )


@pytest.mark.parametrize("scaling", [[2, 1, 1], [[1, 1, 0], [0, 1, 0], [0, 0, 2]]])
def test_a_supercell_takes_the_same_path(lennard_jones, rattled, scaling):
    start = rattled[2]
    supercell = start.make_supercell(scaling, in_place=False, to_unit_cell=False)
    a, b = relax([start, supercell], lennard_jones, RelaxSettings())
    assert a.steps == b.steps > 3
    assert b.energy_per_atom == pytest.approx(a.energy_per_atom, abs=1e-9)
    assert b.volume == pytest.approx(2 * a.volume, rel=1e-8)


def test_agrees_with_ase_on_the_same_potential(lennard_jones, rattled):
    pressure = 3.0
    relaxed = relax(
        rattled[:3], lennard_jones, RelaxSettings(fmax=1e-4, smax=1e-6, pressure=pressure)
    )
    for start, ours in zip(rattled, relaxed, strict=False):
        atoms = AseAtomsAdaptor.get_atoms(start)
        atoms.calc = DaoCalculator(lennard_jones)
        cell = FrechetCellFilter(atoms, scalar_pressure=pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA)
        BFGS(cell, logfile=None, maxstep=0.1).run(fmax=1e-4, steps=500)
        energy = atoms.get_potential_energy() / len(atoms)
        assert ours.energy_per_atom == pytest.approx(energy, abs=2e-5)
        assert ours.volume == pytest.approx(atoms.get_volume(), rel=1e-3)


def test_fixed_symmetry_keeps_the_space_group(lennard_jones):
    # Equal spheres pack better in fcc than in bcc: free, a nudged bcc crystal goes there.
    bcc = Structure(Lattice.cubic(2.9), ["Cu", "Cu"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    nudged = bcc.copy()
    nudged.apply_strain([0.04, -0.02, -0.02])
    nearly = bcc.copy()
    nearly.translate_sites([1], [0.0005, 0.0, 0.001])
    [free] = relax([nudged], lennard_jones, RelaxSettings(fmax=1e-4, smax=1e-5))
    fixed = RelaxSettings(fmax=1e-4, smax=1e-5, fix_symmetry=True)
    kept, tetragonal = relax([nearly, nudged], lennard_jones, fixed)
    assert kept.converged
    assert SpacegroupAnalyzer(kept.structure, 1e-6).get_space_group_number() == 229
    assert SpacegroupAnalyzer(tetragonal.structure, 1e-3).get_space_group_number() == 225
    assert free.energy_per_atom < kept.energy_per_atom - 1e-3
    assert free.energy_per_atom == pytest.approx(tetragonal.energy_per_atom, abs=1e-5)


@pytest.mark.parametrize(
    ("number", "lattice", "copper", "magnesium"),
    [
        (2, Lattice.from_parameters(4.2, 4.6, 5.0, 80, 75, 85), [0, 0, 0], [0.24, 0.26, 0.27]),
        (14, Lattice.monoclinic(4.4, 4.2, 4.9, 100), [0, 0, 0], [0.24, 0.26, 0.27]),
        (62, Lattice.orthorhombic(6.0, 4.6, 5.0), [0, 0, 0], [0.25, 0.25, 0.55]),
        (166, Lattice.hexagonal(3.2, 9.6), [0, 0, 0.12], [0, 0, 0.5]),
        (194, Lattice.hexagonal(3.2, 5.2), [0, 0, 0], [1 / 3, 2 / 3, 0.25]),
    ],
)
def test_fixed_symmetry_holds_in_every_setting(lennard_jones, number, lattice, copper, magnesium):
    start = Structure.from_spacegroup(number, lattice, ["Cu", "Mg"], [copper, magnesium])
    [relaxed] = relax([start], lennard_jones, RelaxSettings(fix_symmetry=True, max_steps=12))
    before = SpacegroupAnalyzer(start, 1e-4).get_symmetry_operations()
    after = SpacegroupAnalyzer(relaxed.structure, 1e-6).get_symmetry_operations()
    assert relaxed.steps > 1
    assert len(after) >= len(before) > 1


def test_results_stream_with_their_position(lennard_jones, rattled):
    seen = {}
    results = relax(rattled, lennard_jones, on_finish=lambda index, r: seen.update({index: r}))
    assert [seen[index] for index in range(len(rattled))] == results
    assert [len(r.structure) for r in results] == [2, 3, 4, 4, 6]


def test_steps_are_bounded_and_counted(lennard_jones, rattled):
    [relaxed] = relax(rattled[4:], lennard_jones, RelaxSettings(max_steps=4, fmax=1e-6))
    assert (relaxed.stop_reason, relaxed.steps, relaxed.converged) == ("max_steps", 4, False)
    assert lennard_jones.evaluations == 5
    assert relaxed.energy_per_atom < relaxed.energy_per_atom_before
    [untouched] = relax(rattled[4:], lennard_jones, RelaxSettings(max_steps=0))
    assert untouched.energy_per_atom == untouched.energy_per_atom_before


def test_energy_never_rises_along_the_way(lennard_jones, rattled):
    energies = [
        relax(rattled[4:], lennard_jones, RelaxSettings(max_steps=n, fmax=1e-6))[0].energy_per_atom
        for n in range(12)
    ]
    assert (np.diff(energies) <= 2e-6).all()


def test_crystals_outside_the_domain_are_flagged(lennard_jones, fcc):
    fcc.scale_lattice(11.0)
    large = fcc.make_supercell([5, 4, 4], in_place=False)
    inside, outside = relax([fcc, large], lennard_jones, RelaxSettings(max_steps=0))
    assert inside.outside_domain is None
    assert "80 atoms" in outside.outside_domain


def test_nothing_to_do(lennard_jones):
    assert relax([], lennard_jones) == []


def _batch(structures):
    from dao_core.crystal.batch import CrystalBatch

    return CrystalBatch.from_structures(structures, dtype=torch.float64)
