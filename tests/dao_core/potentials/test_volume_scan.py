"""Three energies find the volume that a potential gives a crystal."""

from __future__ import annotations

import math

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import Domain, Evaluation
from dao_core.potentials.volume_scan import FURTHEST, volume_scan


class Spring:
    """Energies that are parabolas of log volume about 20 cubic angstrom per atom."""

    level, domain = "spring", Domain()

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        volume = torch.linalg.det(batch.lattice).abs() / batch.natoms
        energy = batch.natoms * (-3 + 2 * (volume / 20).log().square())
        energy = energy.masked_fill((batch.atomic_numbers == 1).any(dim=1), math.nan)
        return Evaluation(
            energy, torch.zeros_like(batch.frac_coords), torch.zeros_like(batch.lattice)
        )


def crystal(volume_per_atom: float, natoms: int, element: str = "Si") -> Structure:
    sites = [[i / natoms, 0, 0] for i in range(natoms)]
    lattice = Lattice.cubic((volume_per_atom * natoms) ** (1 / 3))
    return Structure(lattice, [element] * natoms, sites)


def test_each_crystal_comes_back_at_its_best_volume() -> None:
    crystals = [crystal(18.5, 1), crystal(22.0, 3), crystal(20.0, 40), crystal(21.0, 2)]
    for before, after in zip(crystals, volume_scan(crystals, Spring()), strict=True):
        assert after.structure.volume / len(before) == pytest.approx(20, rel=1e-4)
        assert after.structure.composition == before.composition
        assert after.energy_per_atom == pytest.approx(-3, abs=1e-4)


def test_under_pressure_the_enthalpy_decides() -> None:
    (found,) = volume_scan([crystal(19.0, 2)], Spring(), pressure=10.0)
    pressure = 10.0 / 160.21766
    volume = found.structure.volume / 2
    slope = 4 * math.log(volume / 20) / volume + pressure  # of the enthalpy, eV per cubic angstrom
    assert volume < 19
    assert slope == pytest.approx(0, abs=2e-3)
    assert found.energy_per_atom == pytest.approx(
        -3 + 2 * math.log(volume / 20) ** 2 + pressure * volume, abs=2e-3
    )


def test_no_volume_is_guessed_far_from_the_energies() -> None:
    (far,) = volume_scan([crystal(60.0, 2)], Spring())
    assert far.structure.volume / 2 == pytest.approx(60 * math.exp(-FURTHEST))


def test_a_crystal_without_an_energy_keeps_its_volume_and_costs_no_other_its_own() -> None:
    lost, found = volume_scan([crystal(18.0, 2, "H"), crystal(18.0, 2)], Spring())
    assert (lost.energy_per_atom, lost.structure.volume) == (None, pytest.approx(36))
    assert found.energy_per_atom == pytest.approx(-3, abs=1e-4)
