"""MP2020 corrections, against those of the Materials Project itself."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dao_core.potentials import Domain, Evaluation
from dao_core.potentials.scale import Mp2020Potential, is_mp2020, mp2020_correction
from dao_core.relax import relax
from dao_core.search.landscape import landscape


class Raw:
    """Two atoms on a spring of 2 angstrom, -5 eV/atom at rest; the cell does not matter."""

    level = "raw-pbe"
    domain = Domain()

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        offset = (batch.frac_coords[:, 1] - batch.frac_coords[:, 0]) @ batch.lattice[0]
        length = offset.norm(dim=1)
        pull = (length - 2.0)[:, None] * offset / length[:, None]
        energy = -10.0 + (length - 2.0) ** 2 / 2
        stress = torch.zeros(len(batch), 3, 3, dtype=torch.float64)
        return Evaluation(energy, torch.stack([pull, -pull], dim=1), stress)


def binary(group: str, a: float, one: str, other: str) -> Structure:
    at = {"Fm-3m": 0.5, "F-43m": 0.25, "Pm-3m": 0.5}[group]
    return Structure.from_spacegroup(group, Lattice.cubic(a), [one, other], [[0, 0, 0], [at] * 3])


def peroxide() -> Structure:
    """Ba O2 with O2 pairs of 1.5 angstrom."""
    lattice = Lattice.tetragonal(3.85, 6.8)
    coords = [[0, 0, 0], [0, 0, 0.39], [0, 0, 0.61]]
    return Structure(lattice, ["Ba", "O", "O"], coords)


@pytest.mark.parametrize(
    ("crystal", "eV_per_atom"),
    [
        (binary("Fm-3m", 4.21, "Mg", "O"), -0.687 / 2),  # oxide
        (binary("Fm-3m", 4.0, "Li", "F"), -0.462 / 2),  # fluoride
        (peroxide(), -0.465 * 2 / 3),  # peroxide
        (binary("Fm-3m", 4.33, "Fe", "O"), -(0.687 + 2.256) / 2),  # iron has a U in oxides ...
        (binary("F-43m", 5.4, "Fe", "S"), -0.503 / 2),  # ... and none in sulfides
        (binary("Pm-3m", 2.88, "Al", "Ni"), 0.0),  # an alloy
        (Structure(Lattice.cubic(4), ["O", "O"], [[0, 0, 0], [0, 0, 0.3]]), 0.0),  # an element
    ],
)
def test_corrections_are_those_of_the_published_table(
    crystal: Structure, eV_per_atom: float
) -> None:
    assert mp2020_correction(crystal).energy_per_atom == pytest.approx(eV_per_atom, abs=1e-3)


def test_corrections_are_those_of_the_materials_project(shared: Path) -> None:
    file = shared / "data" / "reference_phases" / "mp_entries_Fe-Li-O-P.json.gz"
    records = json.loads(gzip.decompress(file.read_bytes()))["records"][::8]
    off = [
        record["reduced_formula"]
        for record in records
        if abs(
            mp2020_correction(
                Structure(record["lattice"], record["atomic_numbers"], record["frac_coords"])
            ).energy_per_atom
            - record["correction_per_atom"]
        )
        > 2e-3
    ]
    assert len(records) > 100
    assert len(off) <= 1  # of all 943, LiFeO3, FeP3O11 and P2O9


def test_a_corrected_potential_names_its_scale_and_moves_energies_alone() -> None:
    raw, crystal = Raw(), binary("Fm-3m", 4.21, "Mg", "O").get_primitive_structure()
    corrected = Mp2020Potential(raw)
    batch = CrystalBatch.from_structures([crystal])
    assert corrected.level == "raw-pbe+mp2020"
    shift = corrected.evaluate(batch).energy - raw.evaluate(batch).energy
    assert shift.item() == pytest.approx(-0.687, abs=1e-3)
    assert torch.equal(corrected.evaluate(batch).forces, raw.evaluate(batch).forces)
    assert torch.equal(corrected.energies(batch), corrected.evaluate(batch).energy)


def test_a_relaxation_is_on_the_scale_of_its_level() -> None:
    start = Structure(Lattice.cubic(9), ["Mg", "O"], [[0, 0, 0], [0, 0, 0.25]])
    (raw,) = relax([start], Raw())
    heard = []
    (end,) = relax(
        [start],
        Mp2020Potential(Raw()),
        on_finish=lambda index, one: heard.append((index, one)),
        best={"MgO": -5.3435},  # not hopeless on the corrected scale
    )
    assert end.level == "raw-pbe+mp2020"
    assert end.converged
    assert end.energy_per_atom == pytest.approx(-5.3435, abs=1e-3)
    assert end.energy_per_atom_before - end.energy_per_atom == pytest.approx(
        raw.energy_per_atom_before - raw.energy_per_atom
    )
    assert heard == [(0, end)]


def test_scales_do_not_mix() -> None:
    assert is_mp2020("dao-p@1a2b3c4d")
    assert is_mp2020("chgnet-0.3.0, enthalpy at 5 GPa")
    assert is_mp2020("sevennet-0+mp2020")
    assert not is_mp2020("sevennet-0")
    assert not is_mp2020("qe-pbe-dojo-fast@1a2b")
    crystal = binary("Fm-3m", 4.21, "Mg", "O")
    other = [PhaseEntry(crystal.composition, -6.0, "raw-pbe")]
    with pytest.raises(InputError, match="cannot share a hull"):
        landscape([crystal], [-5.9], "raw-pbe+mp2020", other)
