"""Real pw.x runs that fail in each way that can be provoked in seconds, and are then cured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.errors import ScfNotConvergedError, UnrecoverableError
from dft_inputs.protocols import Protocol
from dft_inputs.qe.makers.base import copy_save
from dft_inputs.qe.run import run_pw
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator

pytestmark = pytest.mark.dft

Run = Callable[..., PwTaskDoc]


@pytest.fixture
def run(real_pw: str, coarse: Protocol, tmp_path: Path) -> Run:
    """Runs a crystal with settings that make it fail."""

    def make(
        structure: Structure,
        settings: dict[str, dict[str, Any]] | None = None,
        walltime: float | None = None,
        max_errors: int = 5,
        prev_dir: str | None = None,
        kpoint_distance: float = 1.0,
        **kwargs: Any,
    ) -> PwTaskDoc:
        protocol = replace(coarse, kpoint_distance=kpoint_distance)
        generator = PwInputGenerator(
            protocol=protocol, user_settings=settings or {}, **{"spin": False, **kwargs}
        )
        input_set = generator.get_input_set(structure)
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        input_set.write_input(folder)
        if prev_dir is not None:
            copy_save(Path(prev_dir), folder)
        run_pw(walltime=walltime, max_errors=max_errors, directory=folder)
        return PwTaskDoc.from_directory(folder, input_set.level)

    return make


@pytest.fixture
def si2(silicon: Structure) -> Structure:
    return silicon.get_primitive_structure()


@pytest.fixture
def distorted(si2: Structure) -> Structure:
    distorted = si2.copy()
    distorted.translate_sites([0], [0.02, 0.02, 0.02])
    return distorted


def handlers(task: PwTaskDoc) -> list[str]:
    return [correction.handler for correction in task.corrections]


def test_scf_that_needs_more_iterations_climbs_the_ladder(run: Run, si2: Structure) -> None:
    good = run(si2)
    cured = run(si2, {"electrons": {"electron_maxstep": 3}})
    assert good.corrections == []
    assert handlers(cured) == ["ScfHandler"] * 3
    assert cured.inputs["electrons"]["electron_maxstep"] == 100
    assert cured.energy == pytest.approx(good.energy, abs=1e-6)


def test_attempts_end_with_the_reason(run: Run, si2: Structure) -> None:
    with pytest.raises(ScfNotConvergedError):
        run(si2, {"electrons": {"electron_maxstep": 2}}, max_errors=2)


def test_relaxation_out_of_steps_goes_on_from_its_last_geometry(
    run: Run, distorted: Structure
) -> None:
    cured = run(distorted, {"control": {"nstep": 2}}, calculation="relax")
    assert set(handlers(cured)) == {"StepsHandler"}
    assert {"geometry": "last"} in cured.corrections[0].actions
    bonds = sorted(n.nn_distance for n in cured.structure.get_neighbors(cured.structure[0], 2.6))
    assert bonds == pytest.approx([5.43 * 3**0.5 / 4] * 4, abs=0.01)


def test_walltime_stops_in_time_and_goes_on(run: Run, si2: Structure) -> None:
    good = run(si2, kpoints=_MESH)
    for share in (0.5, 0.2, 0.1):  # a machine that is suddenly less loaded needs less time
        seconds = max(share * good.timings.wall_seconds, 0.3)
        # The walltime itself would end a run that a busy machine keeps from stopping in time.
        settings = {"control": {"max_seconds": seconds}}
        cured = run(si2, settings, kpoints=_MESH, max_errors=20)
        if cured.corrections:
            break
    assert set(handlers(cured)) == {"WalltimeHandler"}
    assert cured.inputs["control"]["restart_mode"] == "restart"
    assert cured.energy == pytest.approx(good.energy, abs=1e-5)


def test_relaxation_that_bfgs_gives_up_goes_on_with_a_smaller_trust_radius(
    run: Run, distorted: Structure
) -> None:
    # pw.x says "bfgs converged" and prints final coordinates when BFGS gave up: they never count.
    cured = run(distorted, {"ions": {"trust_radius_min": 0.4}}, calculation="relax")
    assert handlers(cured) == ["BfgsHandler"]
    assert cured.inputs["ions"]["trust_radius_min"] == pytest.approx(1e-4)
    assert {"geometry": "last"} in cured.corrections[0].actions
    assert cured.max_force < 1e-3 * 25.7 * 3**0.5  # the threshold per component, Ry/bohr


def test_diagonalisation_that_fails_is_done_by_another_algorithm(run: Run, si2: Structure) -> None:
    # No floating-point number meets this threshold; conjugate gradients notice, Davidson does not.
    small = {"nbnd": 24, "ecutwfc": 8.0, "ecutrho": 32.0}
    settings = {"system": small, "electrons": {"diago_thr_init": 1e-24}}
    cured = run(si2, settings, occupations="fixed", kpoints=[[0.0, 0.0, 0.0]])
    assert handlers(cured) == ["DiagonalizationHandler"]
    assert cured.corrections[0].errors == ["diagonalisation_failed"]
    assert cured.inputs["electrons"]["diagonalization"] == "cg"


def test_only_the_final_scf_of_a_finished_relaxation_is_run_again(
    run: Run, si2: Structure, tmp_path: Path
) -> None:
    # From a finished density each scf takes a step or two; the final one starts from atoms.
    static = run(si2, occupations="fixed")
    settings = {
        "electrons": {"electron_maxstep": 5, "startingpot": "file", "startingwfc": "file"},
        "cell": {"press_conv_thr": 5.0},
    }
    cured = run(
        si2, settings, prev_dir=static.dir_name,
        calculation="vc-relax", occupations="fixed", pressure=static.pressure,
    )  # fmt: skip
    assert handlers(cured)[0] == "FinalScfHandler"
    assert cured.calculation == "scf"
    assert cured.energy == pytest.approx(static.energy, abs=1e-4)


def test_metal_with_too_few_bands_gets_more(run: Run) -> None:
    aluminium = Structure(Lattice.cubic(4.05), ["Al"] * 4, _FCC).get_primitive_structure()
    cured = run(aluminium, {"system": {"nbnd": 2}})
    assert handlers(cured) == ["BandsHandler"]
    assert cured.electronic.n_bands == 6
    assert cured.inputs["electrons"]["startingpot"] == "file"
    assert cured.electronic.highest_band_occupation < 0.005
    assert cured.electronic.is_metal


def test_cell_that_outgrows_its_tables_starts_again_with_larger_ones(
    run: Run, si2: Structure
) -> None:
    stretched = si2.copy()
    stretched.scale_lattice(si2.volume * 1.25)
    cured = run(stretched, {"cell": {"cell_factor": 1.005}}, calculation="vc-relax")
    assert handlers(cured)[0] == "CellFactorHandler"
    # So few k-points make silicon ten per cent too large; it started with twenty-five.
    assert si2.volume < cured.structure.volume < 1.15 * si2.volume


def test_refused_inputs_end_at_once_with_file_and_line(run: Run, si2: Structure) -> None:
    started = time.monotonic()
    with pytest.raises(UnrecoverableError, match=r"read_namelists.*ecutwfk = 3"):
        run(si2, {"system": {"ecutwfk": 3}})
    with pytest.raises(UnrecoverableError, match=r"readpp: file .*Si\.upf not found"):
        run(si2, {"control": {"pseudo_dir": "./nowhere"}})
    assert time.monotonic() - started < 30


_MESH = [[i / 20, 0.1, 0.3] for i in range(20)]
_FCC = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]


def test_strong_magnet_gets_the_bands_of_its_fuller_spin_at_once(run: Run) -> None:
    iron = Structure(Lattice.cubic(2.87), ["Fe"] * 2, [[0, 0, 0], [0.5] * 3])
    iron = iron.get_primitive_structure()
    # Nine bands hold the sixteen electrons paired, not the nine of the fuller spin and its tail.
    cured = run(iron, {"system": {"nbnd": 9, "ecutwfc": 30.0, "ecutrho": 120.0}}, spin=True)
    assert handlers(cured) == ["BandsHandler"]
    assert cured.electronic.n_bands >= 13


def test_gamma_with_real_wavefunctions_gives_the_energy_of_gamma(run: Run, si2: Structure) -> None:
    real, whole = (run(si2, kpoint_distance=9.0, gamma_trick=trick) for trick in (True, False))
    assert real.cards["K_POINTS"] == ["K_POINTS gamma"]
    assert real.energy == pytest.approx(whole.energy, abs=1e-4)
    assert real.electronic.band_gap == pytest.approx(whole.electronic.band_gap, abs=1e-3)
    assert np.allclose(real.forces, whole.forces, atol=1e-3)
    assert np.allclose(real.stress, whole.stress, atol=1e-2)
