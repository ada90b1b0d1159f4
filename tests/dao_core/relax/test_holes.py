"""A hole of a potential ends the relaxation that falls into it, with its reason, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.potentials import Domain
from dao_core.relax import RANKED_STOPS, RelaxSettings, relax

GOLD, SILVER = 79, 47


class Holed:
    """Lennard-Jones copper; gold falls off a cliff when squeezed, silver slides down smoothly."""

    level = "holed"
    domain = Domain(lowest_energy=-16.0)

    def __init__(self, sane, depth=0.0):
        self.sane, self.depth = sane, depth

    def evaluate(self, batch):
        copper = torch.where(batch.atomic_numbers > 0, 29, 0)
        found = self.sane.evaluate(replace(batch, atomic_numbers=copper))
        first = batch.atomic_numbers[:, 0]
        small = batch.volume / batch.natoms < self.threshold
        energy = found.energy.clone()
        energy[(first == GOLD) & small] -= self.depth * batch.natoms[(first == GOLD) & small]
        return replace(found, energy=energy)

    threshold = 10.0


def loose(symbol):
    return Structure(Lattice.cubic(2.6), [symbol], [[0, 0, 0]])


@pytest.mark.parametrize(("depth", "reason"), [(3.0, "energy_jump"), (30.0, "energy_floor")])
def test_a_cliff_ends_the_relaxation_at_the_last_sane_point(lennard_jones, depth, reason):
    potential = Holed(lennard_jones, depth)
    potential.threshold = loose("Au").volume - 0.5
    fallen, sane = relax([loose("Au"), loose("Cu")], potential)
    assert fallen.stop_reason == reason
    assert fallen.stop_reason not in RANKED_STOPS
    assert fallen.energy_per_atom > -2.0
    assert sane.converged


class Second:
    """What another potential says: Lennard-Jones, higher by some eV/atom."""

    level = "second"
    domain = Domain()

    def __init__(self, sane, higher):
        self.sane, self.higher = sane, higher

    def evaluate(self, batch):
        found = self.sane.evaluate(batch)
        return replace(found, energy=found.energy + self.higher * batch.natoms)


@pytest.mark.parametrize(("higher", "reason"), [(0.5, "converged"), (1.5, "energy_floor")])
def test_an_end_far_below_a_second_potential_is_no_minimum(lennard_jones, higher, reason):
    [end] = relax([loose("Cu")], lennard_jones, second=Second(lennard_jones, higher))
    assert end.stop_reason == reason


def test_steps_used_up_never_rank(lennard_jones):
    [end] = relax([loose("Cu")], lennard_jones, RelaxSettings(max_steps=1))
    assert end.stop_reason == "max_steps"
    assert end.stop_reason not in RANKED_STOPS
