"""Hopeless relaxations end early; what may still come down goes on; ends are put onto symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.symmetry import space_group_number
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, idealised, relax


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


def copper(seed: int, amplitude: float) -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    moves = np.random.default_rng(seed).normal(0, amplitude, (len(crystal), 3))
    coords = crystal.cart_coords + moves
    return Structure(crystal.lattice, crystal.species, coords, coords_are_cartesian=True)


def test_far_above_the_best_it_stops_early_with_its_reason(emt: Potential) -> None:
    starts = [copper(0, 0.05), copper(1, 0.3)]
    strict = RelaxSettings(fmax=1e-4, smax=1e-5)
    free = relax(starts, emt, strict)
    assert all(result.converged for result in free)
    lowest = min(result.energy_per_atom or 0.0 for result in free)
    stopped = relax(starts, emt, strict, best={"Cu": lowest - 3.0})
    assert {result.stop_reason for result in stopped} == {"hopeless"}
    assert sum(r.steps for r in stopped) < sum(r.steps for r in free)


def test_equals_are_never_stopped(emt: Potential) -> None:
    starts = [copper(seed, 0.15) for seed in range(4)]
    free, judged = relax(starts, emt), relax(starts, emt, best={})
    assert [r.stop_reason for r in judged] == [r.stop_reason for r in free]
    assert [r.energy_per_atom for r in judged] == [r.energy_per_atom for r in free]


def test_an_end_near_a_symmetry_is_put_onto_it_and_does_not_rise(emt: Potential) -> None:
    settings = RelaxSettings(fmax=0.6, smax=0.02)  # ends before all atoms are in place
    (end,) = relax([copper(2, 0.06)], emt, settings)
    (ideal,) = idealised([end], emt, settings)
    assert space_group_number(end.structure, 1e-3) == 1
    assert space_group_number(ideal.structure, 1e-3) == 225
    assert len(ideal.structure) == 1
    assert end.energy_per_atom is not None
    assert ideal.energy_per_atom is not None
    assert ideal.energy_per_atom <= end.energy_per_atom + 1e-4
    assert ideal.energy_per_atom_before == end.energy_per_atom_before
