"""Grids of VASP: through ELFCAR and CHGCAR the same physics gives the same verdict as from pp.x."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp import Vasprun
from scipy.ndimage import fourier_shift

from dft_inputs.electrons.grid import Grid
from dft_inputs.errors import TruncatedOutputError
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate
from dft_inputs.vasp.electrons import electrons_of_run
from dft_inputs.vasp.grids import density_grid, elf_grid, top_states_grid

PpGrids = Callable[[CalculationResult], tuple[Grid, Grid, Grid]]
WriteGrids = Callable[[Grid, Grid, Path], None]
pytestmark = pytest.mark.filterwarnings("ignore")
SILICON = "Si_mp_gga_relax/GGA_Static/outputs"
COARSE = Method(
    protocol=replace(PROTOCOLS["fast"], name="coarse", kpoint_distance=1.0), workflow="electrons"
)


def by_pw(structure: Structure) -> CalculationResult:
    (validation,) = validate({"it": structure}, COARSE, Limits(cores=1)).validations
    assert validation.result is not None, validation.message
    return validation.result


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_silicon_of_pw_beside_a_recorded_run_of_vasp(
    real_pw: str, shared: Path, tmp_path: Path, pp_grids: PpGrids, write_vasp_grids: WriteGrids
) -> None:
    for name in ("vasprun.xml.gz", "OUTCAR.gz"):
        shutil.copy(shared / "vasp_recorded" / SILICON / name, tmp_path)
    run = Vasprun(str(tmp_path / "vasprun.xml.gz"), parse_potcar_file=False)
    result = by_pw(run.final_structure)
    elf, density, _ = pp_grids(result)
    there = run.final_structure
    write_vasp_grids(shifted(elf, there), shifted(density, there), tmp_path)
    found = electrons_of_run(tmp_path)
    assert result.electrons is not None
    assert [one.kind for one in found.attractors] == [
        one["kind"] for one in result.electrons["attractors"]
    ]
    assert found.attractors[0].elf == pytest.approx(result.electrons["attractors"][0]["elf"])
    # Points in the middle of a bond go to either atom: by either road zero within that.
    for charges in ([a.bader for a in found.charges], [a["bader"] for a in bader_of(result)]):
        assert charges == pytest.approx([0.0, 0.0], abs=0.1)
        assert sum(charges) == pytest.approx(0.0, abs=1e-3)
    assert found.slice is not None
    assert found.electride is None, "without WAVECAR"
    assert any("no WAVECAR" in note for note in found.notes)
    assert found.band_gap == pytest.approx(0.613, abs=0.001)


def bader_of(result: CalculationResult) -> list[dict[str, Any]]:
    return list((result.electrons or {})["charges"])


def shifted(grid: Grid, wanted: Structure) -> Grid:
    """The same grid around the atoms of the recorded cell, which is turned and moved."""
    own = grid.structure
    assert wanted.lattice.parameters == pytest.approx(own.lattice.parameters, abs=1e-3)
    moves = wanted.frac_coords - own.frac_coords[::-1] - [[1, 1, 1], [0, 0, 0]]
    assert moves == pytest.approx(np.full((2, 3), -0.125), abs=1e-3)
    waves = fourier_shift(np.fft.fftn(grid.values), moves[1] * grid.values.shape)
    return Grid(wanted, np.fft.ifftn(waves).real)


def test_coarser_elf_and_damaged_files(tmp_path: Path, write_vasp_grids: WriteGrids) -> None:
    crystal = Structure(Lattice.cubic(4.0), ["Na"], [[0, 0, 0]])
    x = np.arange(16) / 16
    wave = 1 + np.cos(2 * np.pi * x)[:, None, None] * np.ones((16, 16, 16))
    fine = Grid(crystal, wave / crystal.volume)
    coarse = fine.resampled((8, 8, 8))
    assert coarse.values.sum() * coarse.voxel == pytest.approx(fine.values.sum() * fine.voxel)
    assert coarse.values == pytest.approx(fine.values[::2, ::2, ::2])
    assert elf_grid(tmp_path, crystal) is None
    write_vasp_grids(coarse, fine, tmp_path)
    assert density_grid(tmp_path, crystal).values == pytest.approx(fine.values, rel=1e-6)
    with pytest.raises(TruncatedOutputError, match="not of the cell"):
        elf_grid(tmp_path, Structure(Lattice.cubic(5.0), ["Na"], [[0, 0, 0]]))
    whole = (tmp_path / "CHGCAR").read_bytes()
    (tmp_path / "CHGCAR").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TruncatedOutputError, match="not a whole density"):
        density_grid(tmp_path, crystal)


def test_the_states_near_the_top_come_from_the_wave_functions(tmp_path: Path) -> None:
    """Two states that are known: a flat one far below, and a wave along x, near the top."""
    length, weights = 4.0, [0.25, 0.75]
    write_wavecar(tmp_path / "WAVECAR", length, energies=(-9.0, -0.5, 3.0), norm=0.9)
    crystal = Structure(Lattice.cubic(length), ["Na"], [[0.5, 0.5, 0.5]])
    run: Any = SimpleNamespace(actual_kpoints_weights=weights, efermi=0.0, final_structure=crystal)
    grid = top_states_grid(tmp_path, cast("Vasprun", run), 2.0, (12, 12, 12))
    assert grid.values.sum() * grid.voxel == pytest.approx(2.0), "two electrons of one band"
    expected = 2 * 0.9 / crystal.volume * (1 + np.cos(2 * np.pi * np.arange(12) / 12))
    assert grid.values[:, 0, 0] == pytest.approx(expected, abs=1e-6)
    # What pseudo wave functions lack of the norm is in the spheres.
    assert grid.values[6, 6, 6] * grid.voxel == pytest.approx(0.2, abs=1e-4)
    with pytest.raises(TruncatedOutputError, match="WAVECAR"):
        top_states_grid(tmp_path / "nowhere", cast("Vasprun", run), 2.0, (12, 12, 12))


def write_wavecar(file: Path, length: float, energies: tuple[float, ...], norm: float) -> None:
    """Two k-points at Gamma; each band is flat but the second, (1 + exp(igx)) / sqrt 2."""
    cutoff, two_m = 30.0, 0.262465831
    limit = int(np.sqrt(cutoff * two_m) * length / (2 * np.pi)) + 1
    order = [*range(limit + 1), *range(-limit, 0)]
    points = [(x, y, z) for z in order for y in order for x in order]
    unit = 2 * np.pi / length
    inside = [p for p in points if unit**2 * np.dot(p, p) / two_m < cutoff]
    record = 8 * max(len(inside), 16)

    def padded(data: bytes) -> bytes:
        return data.ljust(record, b"\0")

    head = np.array([record, 1, 45200], dtype=float)
    lattice = length * np.eye(3).ravel()
    sizes = np.array([2, len(energies), cutoff, *lattice], dtype=float)
    parts = [padded(head.tobytes()), padded(sizes.tobytes())]
    for _ in range(2):
        bands = [number for energy in energies for number in (energy, 0.0, 1.0)]
        parts.append(padded(np.array([len(inside), 0, 0, 0, *bands], dtype=float).tobytes()))
        for band in range(len(energies)):
            waves = np.zeros(len(inside), dtype=np.complex64)
            waves[inside.index((0, 0, 0))] = np.sqrt(norm)
            if band == 1:
                waves[inside.index((0, 0, 0))] = waves[inside.index((1, 0, 0))] = np.sqrt(norm / 2)
            parts.append(padded(waves.tobytes()))
    file.write_bytes(b"".join(parts))
