"""Real physics by real pw.x through the whole chain: small cells, the cutoffs of ``fast``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jobflow import Flow, JobStore, run_locally
from maggma.stores import MemoryStore
from pymatgen.analysis.eos import EOS
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.elements.ground_states import element_structure
from dao_core.generator.generate import load_generator
from dao_core.phonons import finite_displacement_phonons
from dao_core.potentials import load_potential
from dao_core.relax import relax
from dao_core.search.landscape import landscape
from dao_core.units import RYDBERG_EV
from dft_inputs.electrons.grid import Grid
from dft_inputs.electrons.localisation import localise
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS, Protocol
from dft_inputs.qe.calculator import PwCalculator
from dft_inputs.qe.makers.core import StaticMaker
from dft_inputs.qe.makers.phonons import GammaPhononMaker
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.run import run_pw
from dft_inputs.qe.schemas.pw_stdout import read_pw_stdout
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import Validation, validate
from dft_inputs.vasp.grids import density_grid, elf_grid

pytestmark = [pytest.mark.dft, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PpGrids = Callable[[CalculationResult], tuple[Grid, Grid, Grid]]
WriteGrids = Callable[[Grid, Grid, Path], None]
BOTH = Limits(cores=2)


def with_distance(distance: float) -> Protocol:
    return replace(PROTOCOLS["fast"], kpoint_distance=distance)


def binary(first: str, second: str, a: float, x: float = 0.5) -> Structure:
    """Zinc blende (x = 1/4) or rock salt (x = 1/2), primitive."""
    lattice = Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])
    return Structure(lattice, [first, second], [[0, 0, 0], [x, x, x]])


def generated(formula: str, n: int) -> dict[str, Structure]:
    """The lowest distinct minima of DAO-P that DAO-G's samples lead to, on their symmetry."""
    samples = load_generator().generate([Composition(formula)], 16, seed=0)
    relaxed = relax([sample.structure for sample in samples], load_potential("dao-p"))
    usable = [r for r in relaxed if r.converged and r.energy_per_atom is not None]
    minima = landscape(
        [r.structure for r in usable], [r.energy_per_atom or 0.0 for r in usable], "dao-p"
    )
    return {f"{m.rank} {m.space_group}": m.crystal.structure for m in minima[:n]}


def conventional_a(validation: Validation) -> float:
    assert validation.result is not None, validation.message
    structure = validation.result.structure
    return structure.to_conventional().lattice.a


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("validations")


@pytest.mark.timeout(900)
def test_covalent_and_metallic_crystals(real_pw: str, root: Path) -> None:
    crystals = {symbol: element_structure(symbol) for symbol in ("Si", "Al")}
    report = validate(crystals, Method(protocol=with_distance(0.6)), BOTH, root=root)
    silicon, aluminium = report.validations
    assert conventional_a(silicon) == pytest.approx(5.431, rel=0.015)
    assert conventional_a(silicon) == pytest.approx(5.4697, rel=0.003)  # the recorded run
    assert conventional_a(aluminium) == pytest.approx(4.050, rel=0.015)
    assert [v.result.band_gap == 0.0 for v in report.done if v.result] == [False, True]
    assert all(abs(v.result.pressure) < 0.1 for v in report.done if v.result)


@pytest.mark.timeout(900)
def test_iron_is_ferromagnetic(real_pw: str, root: Path) -> None:
    iron = element_structure("Fe")
    iron.scale_lattice(2.83**3 / 2)
    # PBE makes iron 1.3 per cent too small; coarser meshes add to that (6x6x6: 1.8 per cent).
    report = validate({"Fe": iron}, Method(protocol=with_distance(0.4)), BOTH, root=root)
    assert conventional_a(report.validations[0]) == pytest.approx(2.867, rel=0.015)
    result = report.validations[0].result
    assert result is not None
    assert result.total_magnetization == pytest.approx(2.2, abs=0.2)
    assert result.band_gap == 0.0


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("cation", "anion", "start", "experiment", "recorded"),
    [("Mg", "O", 4.24, 4.212, 4.2519), ("Na", "Cl", 5.69, 5.640, 5.6988)],
)
def test_ionic_crystals(
    real_pw: str,
    root: Path,
    cation: str,
    anion: str,
    start: float,
    experiment: float,
    recorded: float,
) -> None:
    method = Method(protocol=with_distance(0.8))
    report = validate({"x": binary(cation, anion, start)}, method, BOTH, root=root)
    # As measured at room temperature, like all lattice constants here; NaCl extrapolated to 0 K
    # (5.595) is 1.9 per cent below PBE, whatever the settings: the recorded run says so too.
    assert conventional_a(report.validations[0]) == pytest.approx(experiment, rel=0.015)
    assert conventional_a(report.validations[0]) == pytest.approx(recorded, rel=0.003)
    assert report.validations[0].result is not None
    assert (report.validations[0].result.band_gap or 0) > 4.0


@pytest.mark.timeout(900)
def test_three_generated_candidates_of_one_system_with_their_hull(real_pw: str, root: Path) -> None:
    candidates = generated("AlSi", 3)
    # DAO-P has relaxed the candidates; their elements are relaxed by DFT whatever the workflow.
    method = Method(protocol=with_distance(0.6), workflow="static")
    report = validate(candidates, method, BOTH, hull=True, root=root)
    assert [v.state for v in report.validations] == ["done"] * 3, report
    assert {phase.formula for phase in report.competing} == {"Al", "Si"}
    assert len({v.level for v in [*report.validations, *report.competing]}) == 1
    # Aluminium and silicon form no compound: each candidate lies above the hull.
    above = [v.energy_above_hull for v in report.validations]
    assert all(energy is not None and 0.05 < energy < 1.0 for energy in above)
    again = validate(candidates, method, BOTH, hull=True, root=root)
    assert all(v.reused for v in [*again.validations, *again.competing])
    assert [v.energy_above_hull for v in again.validations] == above
    assert again.core_hours == report.core_hours


def test_equation_of_state_of_silicon(real_pw: str, root: Path) -> None:
    crystals = {}
    for scale in (0.94, 0.97, 1.0, 1.03, 1.06):
        crystals[str(scale)] = element_structure("Si")
        crystals[str(scale)].scale_lattice(41.0 * scale)
    method = Method(protocol=with_distance(0.6), workflow="static")
    results = [v.result for v in validate(crystals, method, BOTH, root=root).done if v.result]
    fit = EOS("birch_murnaghan").fit(
        [r.volume for r in results], [r.energy_per_atom * r.n_atoms for r in results]
    )
    assert fit.b0_GPa == pytest.approx(89, abs=6)  # PBE; experiment 98
    assert fit.v0 == pytest.approx(5.4697**3 / 4, rel=0.01)
    pressures = [r.pressure for r in results]
    assert pressures == sorted(pressures, reverse=True)


def energy_and_force(generator: PwInputGenerator, crystal: Structure, folder: Path) -> PwTaskDoc:
    input_set = generator.get_input_set(crystal)
    input_set.write_input(folder)
    run_pw(directory=folder)
    return PwTaskDoc.from_directory(folder, input_set.level)


@pytest.mark.parametrize(
    ("name", "mesh", "ecutwfc"), [("Si", 6, 36.0), ("MgO", 4, 84.0), ("NaCl", 4, 88.0)]
)
def test_static_run_repeats_the_recorded_one(
    real_pw: str, shared: Path, tmp_path: Path, name: str, mesh: int, ecutwfc: float
) -> None:
    recorded = shared / "qe_recorded" / f"{name}_scf"
    generator = PwInputGenerator(
        protocol=with_distance(10.0),  # no mesh of its own
        occupations="fixed",
        least_mesh=(mesh, mesh, mesh),
        user_settings={"system": {"ecutwfc": ecutwfc, "ecutrho": 4 * ecutwfc}},
    )
    task = energy_and_force(generator, PwInput.from_directory(recorded).structure, tmp_path / "x")
    stdout = read_pw_stdout(recorded / "pw2.out")
    assert task.energy == pytest.approx(stdout.energies[-1] * RYDBERG_EV, abs=1e-4)
    assert task.pressure == pytest.approx(-np.trace(stdout.stresses[-1]) / 3, abs=0.02)


def test_forces_are_the_slope_of_the_energy(real_pw: str, tmp_path: Path) -> None:
    generator = PwInputGenerator(protocol=with_distance(1.2), occupations="fixed")
    step, energies, force = 0.02, [], 0.0
    for index, shift in enumerate((-step, 0.0, step)):
        crystal = element_structure("Si")
        crystal.translate_sites([0], [0.08 + shift, 0, 0], frac_coords=False)
        task = energy_and_force(generator, crystal, tmp_path / str(index))
        energies.append(task.energy)
        force = task.forces[0][0] if shift == 0.0 else force
    slope = (energies[2] - energies[0]) / (2 * step)
    assert abs(force) > 0.2
    assert force == pytest.approx(-slope, rel=0.02)


def flow_output(flow: Flow, folder: Path) -> object:
    store = JobStore(MemoryStore())
    run_locally(
        flow, store=store, create_folders=True, root_dir=folder, raise_immediately=True, log=False
    )
    return flow.output.resolve(store)


def fixed(distance: float) -> StaticMaker:
    generator = PwInputGenerator(protocol=with_distance(distance), occupations="fixed")
    return StaticMaker(input_set_generator=generator)


@pytest.fixture
def relaxed_silicon() -> Structure:
    return binary("Si", "Si", 5.47, 0.25)


@pytest.mark.timeout(600)
def test_gamma_phonon_of_silicon(real_pw: str, relaxed_silicon: Structure, tmp_path: Path) -> None:
    document = flow_output(
        GammaPhononMaker(static_maker=fixed(0.6)).make(relaxed_silicon), tmp_path
    )
    assert document.frequencies[3:] == pytest.approx([515.0] * 3, abs=10)
    assert not document.unstable


@pytest.mark.timeout(600)
def test_gamma_phonons_of_magnesia(real_pw: str, tmp_path: Path) -> None:
    crystal = binary("Mg", "O", 4.2519)
    document = flow_output(GammaPhononMaker(static_maker=fixed(1.0)).make(crystal), tmp_path)
    # 401 1/cm as measured (transverse); PBE at its longer bonds is 8 per cent below. ph.x is not
    # asked for the field of the longitudinal mode, so that all three are equal.
    assert document.frequencies[3:] == pytest.approx([368.0] * 3, abs=15)
    assert not document.unstable


@pytest.mark.timeout(600)
def test_simple_cubic_phosphorus_is_unstable(real_pw: str, tmp_path: Path) -> None:
    # Its sublattices move apart along the diagonal, towards the layers of A7 phosphorus.
    calculator = PwCalculator(PwInputGenerator(protocol=with_distance(0.8)))

    def forces(cell: Structure) -> np.ndarray:
        found: np.ndarray = calculator.get_forces(AseAtomsAdaptor.get_atoms(cell))
        return found

    document = finite_displacement_phonons(
        binary("P", "P", 5.0), forces, supercell=(1, 1, 1), mesh=(1, 1, 1)
    )
    assert document.unstable
    assert document.gamma_frequencies[:3] == pytest.approx([-10.0] * 3, abs=2)
    assert document.gamma_frequencies[3:] == pytest.approx([0.0] * 3, abs=0.1)


ELECTRONS = Method(protocol=with_distance(1.0), workflow="electrons")
SODIUM = Structure.from_spacegroup(
    "P6_3/mmc", Lattice.hexagonal(2.784, 3.873), ["Na", "Na"], [[0, 0, 0], [2 / 3, 1 / 3, 1 / 4]]
)
"""Transparent hP4 sodium at 320 GPa (Ma et al., Nature 458, 182 (2009))."""


def test_sodium_at_high_pressure_is_an_electride_and_silicon_is_not(
    real_pw: str,
    relaxed_silicon: Structure,
    tmp_path: Path,
    pp_grids: PpGrids,
    write_vasp_grids: WriteGrids,
) -> None:
    report = validate({"Si": relaxed_silicon, "Na": SODIUM}, ELECTRONS, BOTH)
    silicon, sodium = (v.result.electrons for v in report.validations if v.result)
    assert silicon is not None
    assert sodium is not None
    assert {m["kind"] for m in silicon["attractors"]} == {"bond"}
    assert not silicon["electride"]["electride"]
    assert sum(atom["bader"] for atom in silicon["charges"]) == pytest.approx(0.0, abs=1e-3)
    assert {"Si s", "Si p"} == silicon["states"]["projected"].keys()
    # A pair of electrons in each of the two voids of the cell, and a gap.
    verdict = sodium["electride"]
    assert verdict["electride"]
    assert verdict["electrons"] == pytest.approx(4.0, abs=0.6)
    assert verdict["voids"][0]["elf"] > 0.95
    assert sorted(verdict["voids"][0]["frac_coords"]) == pytest.approx([1 / 4, 1 / 3, 2 / 3])
    assert sodium["band_gap"] > 0.5
    assert sum(atom["bader"] for atom in sodium["charges"]) == pytest.approx(
        sodium["in_voids"], abs=1e-3
    )
    # The same through the files of VASP: its ELFCAR and CHGCAR, read as those of its own runs.
    (result,) = (v.result for v in report.validations if v.name == "Na")
    assert result is not None
    elf, density, top = pp_grids(result)
    write_vasp_grids(elf, density, tmp_path)
    read = elf_grid(tmp_path, result.structure)
    assert read is not None
    found = localise(read, density_grid(tmp_path, result.structure), top, [9.0] * 4)
    assert found.electride is not None
    assert found.electride.reason == verdict["reason"]
    assert found.in_voids == pytest.approx(sodium["in_voids"], abs=1e-3)


@pytest.mark.timeout(600)
def test_gap_and_states_of_magnesia(real_pw: str) -> None:
    report = validate({"MgO": binary("Mg", "O", 4.2519)}, ELECTRONS, BOTH)
    (magnesia,) = (v.result.electrons for v in report.validations if v.result)
    assert magnesia["band_gap"] == pytest.approx(4.5, abs=0.15)  # PBE; 7.8 measured
    assert magnesia["direct"]
    states = magnesia["states"]
    energies = np.array(states["energies"])
    top = (energies > -2.0) & (energies <= 0.0)
    shares = {name: np.array(rows)[:, top].sum() for name, rows in states["projected"].items()}
    assert shares["O p"] > 0.9 * sum(shares.values())
    # Nearly two electrons go over, and each ion has a closed shell.
    assert [atom["bader"] for atom in magnesia["charges"]] == pytest.approx([1.7, -1.7], abs=0.05)
    assert {m["kind"] for m in magnesia["attractors"]} == {"core", "lone pair"}
    assert not magnesia["electride"]["electride"]
