"""The worked examples do what CONTRIBUTING.md says, and are as short as it says."""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path

import ase.build
import numpy as np
import pytest
import torch
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones as AseLennardJones
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.batch import CrystalBatch
from dao_core.relax import RelaxSettings, relax
from dao_core.search.compositions import CompositionCell
from dft_inputs.method import Method
from dft_inputs.running import codes, worker
from dft_inputs.running.folder import CalculationFailure, CalculationFolder
from dft_inputs.running.request import CalculationRequest, Limits

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CU3AU = CompositionCell("Cu3Au", 2, Composition("Cu6Au2"), 8)
FCC_DISTANCE = 1.09  # sigma, nearest neighbours: Ashcroft and Mermin, chapter 20


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_an_example_is_short(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) < 65


def test_the_source_proposes_the_same_for_the_same_arguments() -> None:
    source = importlib.import_module("candidate_source").ParentLatticeSource()
    together = source.propose(CU3AU, 4, seed=7)
    apart = source.propose(CU3AU, 2, seed=7) + source.propose(CU3AU, 2, seed=7, first=2)
    other = source.propose(CU3AU, 4, seed=8)
    assert [p.structure for p in together] == [p.structure for p in apart]
    assert [p.structure for p in together] != [p.structure for p in other]
    assert all(p.structure.composition == CU3AU.composition for p in together)
    assert [p.origin for p in together[:2]] == ["parent-lattice:bcc", "parent-lattice:fcc"]


def test_the_source_places_atoms_on_its_lattice() -> None:
    source = importlib.import_module("candidate_source").ParentLatticeSource()
    for proposal in source.propose(CU3AU, 4, seed=1):
        crystal = proposal.structure
        coordination = 12 if proposal.origin.endswith("fcc") else 8
        distances = sorted(n.nn_distance for n in crystal.get_neighbors(crystal[0], 6.0))
        assert distances[coordination - 1] == pytest.approx(distances[0], abs=1e-4)
        assert distances[coordination] > 1.1 * distances[0]


def argon(scale: float = 1.0) -> Structure:
    """Four atoms off their places in an oblique cell."""
    cell = Lattice(np.array([[5.2, 0, 0], [0.4, 5.4, 0], [0.3, 0.2, 5.6]]) * scale)
    places = [[0.02, 0, 0], [0.5, 0.52, 0], [0.5, 0, 0.47], [0, 0.5, 1.5]]
    return Structure(cell, ["Ar"] * 4, places)


def test_the_potential_agrees_with_that_of_ase() -> None:
    module = importlib.import_module("lennard_jones")
    crystals = [argon(), argon(1.1)]
    batch = CrystalBatch.from_structures(crystals, dtype=torch.float64)
    found = module.LennardJones().evaluate(batch)
    for row, crystal in enumerate(crystals):
        atoms = AseAtomsAdaptor.get_atoms(crystal)
        atoms.calc = AseLennardJones(sigma=module.SIGMA, epsilon=module.EPSILON, rc=module.CUTOFF)
        assert float(found.energy[row]) == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
        np.testing.assert_allclose(found.forces[row], atoms.get_forces(), atol=1e-9)
        np.testing.assert_allclose(found.stress[row], atoms.get_stress(voigt=False), atol=1e-9)


def test_a_crystal_without_volume_costs_its_own_row_only() -> None:
    potential = importlib.import_module("lennard_jones").LennardJones()
    batch = CrystalBatch.from_structures([argon(), argon(1.1)], dtype=torch.float64)
    alone = potential.evaluate(batch.select([1])).energy[0]
    batch.lattice[0] = 0.0
    found = potential.evaluate(batch)
    assert set(found.errors) == {0}
    assert torch.isnan(found.energy[0])
    assert found.energy[1] == alone


def test_argon_relaxes_to_its_crystal_with_the_potential() -> None:
    module = importlib.import_module("lennard_jones")
    fcc = AseAtomsAdaptor.get_structure(ase.build.bulk("Ar", "fcc", a=5.6))
    # Argon is far softer than the crystals that the defaults are made for.
    (done,) = relax([fcc], module.LennardJones(), RelaxSettings(fmax=1e-4, smax=1e-5))
    assert done.converged
    nearest = min(n.nn_distance for n in done.structure.get_neighbors(done.structure[0], 5.0))
    assert nearest / module.SIGMA == pytest.approx(FCC_DISTANCE, rel=0.01)


@pytest.fixture
def emt_request(monkeypatch: pytest.MonkeyPatch) -> CalculationRequest:
    """Copper, computed by the program of the example."""
    monkeypatch.setitem(codes.CODES, "emt", codes.CodeModules("dft_code", "dft_code"))
    command = f"{sys.executable} {EXAMPLES / 'emt_program.py'}"
    copper = AseAtomsAdaptor.get_structure(ase.build.bulk("Cu", cubic=True))
    method = Method(code="emt", workflow="static", command=command)
    return CalculationRequest(copper, method, ("Cu",), codes.level_for(method, ["Cu"], ["Cu"]))


@pytest.fixture(autouse=True)
def _same_handler() -> object:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_the_code_computes_once(emt_request: CalculationRequest, tmp_path: Path) -> None:
    worker.run_calculation(emt_request, tmp_path, Limits(cores=1))
    result = CalculationFolder(tmp_path, emt_request.key).result()
    atoms = ase.build.bulk("Cu")
    atoms.calc = EMT()
    assert result.energy_per_atom == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
    assert result.level.startswith("emt-emt-emt-fast@")
    assert result.n_atoms == 1
    worker.run_calculation(emt_request, tmp_path, Limits(cores=1))
    assert CalculationFolder(tmp_path, emt_request.key).result().dir_name == result.dir_name


def test_a_program_that_fails_is_a_failure_with_its_reason(
    emt_request: CalculationRequest, tmp_path: Path
) -> None:
    object.__setattr__(emt_request.method, "command", f"{sys.executable} -c 'raise SystemExit(3)'")
    worker.run_calculation(emt_request, tmp_path, Limits(cores=1))
    failure = CalculationFolder(tmp_path, emt_request.key).failure()
    assert isinstance(failure, CalculationFailure)
    assert failure.reason
