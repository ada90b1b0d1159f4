"""Relaxation: batched against ASE one by one, same model, same criteria, same start.

    python benchmarks/relaxation.py [--quick] [--json]

Crystals of 2 to 20 atoms from pymatgen's AFLOW prototypes, rattled and strained, are relaxed by
``dao_core.relax`` and, one after the other, by ASE's L-BFGS with the Frechet cell filter. Both stop
at the same forces and stress. CHGNet stands against two calculators: its own, and ours, which
evaluates it faster; the second shows what batching and the optimiser alone bring. On a machine with
other work trust ``cpu_ratio``: seconds of the CPU instead of the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS
from printing import show
from pymatgen.analysis.prototypes import AFLOW_PROTOTYPE_LIBRARY
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.validity import invalid_reason
from dao_core.errors import DaoError
from dao_core.potentials import Potential, load_potential
from dao_core.predictor import DaoCalculator
from dao_core.relax import RelaxSettings, relax

SETTINGS = RelaxSettings(max_steps=200)
POTENTIALS = ("dao-p", "chgnet")
SAME_MINIMUM = 1e-3
"""eV/atom within which two energies count as the same minimum."""


@dataclass(frozen=True)
class Outcome:
    """What one way of relaxing made of all crystals."""

    seconds: float
    cpu_seconds: float
    evaluations: int
    energies: np.ndarray
    converged: np.ndarray


@dataclass(frozen=True)
class Row:
    """One line of the table; ``ratio`` is ASE's time over ours, by the clock and of the CPU."""

    potential: str
    ase_calculator: str
    n: int
    ase_seconds: float
    batched_seconds: float
    ratio: float
    cpu_ratio: float
    ase_evaluations: int
    batched_evaluations: int
    ase_converged: int
    batched_converged: int
    same_minimum: int
    median_energy_difference: float


class Counted:
    """A potential that counts the crystals it evaluates."""

    def __init__(self, potential: Potential) -> None:
        self.potential, self.level, self.domain = potential, potential.level, potential.domain
        self.evaluations = 0

    def evaluate(self, batch: Any) -> Any:
        """Count, and pass on."""
        self.evaluations += len(batch)
        return self.potential.evaluate(batch)


def starting_structures(n: int, max_atoms: int, domain_of: Sequence[Potential]) -> list[Structure]:
    """``n`` rattled prototypes of 2 to ``max_atoms`` atoms that every potential was made for."""
    rng = np.random.default_rng(0)
    prototypes = [entry["snl"].structure for entry in AFLOW_PROTOTYPE_LIBRARY]
    starts: list[Structure] = []
    for index in rng.permutation(len(prototypes)):
        prototype = prototypes[index]
        if not prototype.is_ordered or not 2 <= len(prototype) <= max_atoms:
            continue
        if any(potential.domain.objection(prototype) for potential in domain_of):
            continue
        start = _rattled(prototype, rng)
        if invalid_reason(start) is None:
            starts.append(start)
        if len(starts) == n:
            break
    return starts


def _rattled(structure: Structure, rng: np.random.Generator) -> Structure:
    strain = np.eye(3) + rng.normal(0, 0.03, (3, 3))
    moves = rng.normal(0, 0.06, (len(structure), 3))
    coords = structure.frac_coords + structure.lattice.get_fractional_coords(moves)
    return Structure(Lattice(structure.lattice.matrix @ strain), structure.species, coords)


def relax_batched(structures: Sequence[Structure], potential: Potential) -> Outcome:
    """All crystals in one call."""
    counted = Counted(potential)
    begun, cpu_begun = time.perf_counter(), time.process_time()
    results = relax(structures, counted, SETTINGS)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    energies = [np.nan if r.energy_per_atom is None else r.energy_per_atom for r in results]
    converged = [r.converged for r in results]
    outcome = (counted.evaluations, np.array(energies), np.array(converged))
    return Outcome(seconds, cpu_seconds, *outcome)


def relax_one_by_one(structures: Sequence[Structure], calculator: Calculator) -> Outcome:
    """One crystal after the other with ASE."""
    energies, converged, evaluations = [], [], 0
    begun, cpu_begun = time.perf_counter(), time.process_time()
    for structure in structures:
        energy, done, steps = _relax_with_ase(structure, calculator)
        energies.append(energy)
        converged.append(done)
        evaluations += steps + 1
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    return Outcome(seconds, cpu_seconds, evaluations, np.array(energies), np.array(converged))


def _relax_with_ase(structure: Structure, calculator: Calculator) -> tuple[float, bool, int]:
    """Energy (eV/atom), whether it converged, and steps."""
    atoms = AseAtomsAdaptor.get_atoms(structure)
    atoms.calc = calculator
    optimiser = LBFGS(FrechetCellFilter(atoms), logfile=None)
    steps, done = 0, False
    try:
        # fmax = 0: ASE's own criterion mixes forces and virial, so the common one is applied here.
        for _ in optimiser.irun(fmax=0, steps=SETTINGS.max_steps):
            steps = optimiser.nsteps
            force = np.linalg.norm(atoms.get_forces(), axis=1).max()
            stress = np.abs(np.linalg.eigvalsh(atoms.get_stress(voigt=False))).max()
            done = bool(force <= SETTINGS.fmax and stress <= SETTINGS.smax)
            if done:
                break
        return atoms.get_potential_energy() / len(atoms), done, steps
    except (DaoError, ValueError, RuntimeError, np.linalg.LinAlgError):
        return float("nan"), False, steps


def compare(
    name: str, calculator_name: str, structures: Sequence[Structure], batched: Outcome, ase: Outcome
) -> Row:
    """One line of the table."""
    both = batched.converged & ase.converged
    difference = np.abs(batched.energies - ase.energies)[both]
    return Row(
        potential=name,
        ase_calculator=calculator_name,
        n=len(structures),
        ase_seconds=round(ase.seconds, 2),
        batched_seconds=round(batched.seconds, 2),
        ratio=round(ase.seconds / batched.seconds, 2),
        cpu_ratio=round(ase.cpu_seconds / batched.cpu_seconds, 2),
        ase_evaluations=ase.evaluations,
        batched_evaluations=batched.evaluations,
        ase_converged=int(ase.converged.sum()),
        batched_converged=int(batched.converged.sum()),
        same_minimum=int((difference < SAME_MINIMUM).sum()),
        median_energy_difference=float(np.median(difference)) if both.any() else float("nan"),
    )


def measure(names: Sequence[str], *, quick: bool) -> list[Row]:
    """The lines of the table for the potentials named."""
    dao_p, chgnet = load_potential("dao-p"), load_potential("chgnet")
    every: dict[str, tuple[Potential, dict[str, Callable[[], Calculator]]]] = {
        "dao-p": (dao_p, {"DaoCalculator": lambda: DaoCalculator(dao_p)}),
        "chgnet": (
            chgnet,
            {
                "CHGNetCalculator": _chgnet_calculator,
                "DaoCalculator": lambda: DaoCalculator(chgnet),
            },
        ),
    }
    structures = starting_structures(128, 20, [dao_p, chgnet])
    few = [structure for structure in structures if len(structure) <= 6]
    rows = []
    for potential, calculators in (every[name] for name in names):
        part = structures
        if quick:
            part = structures[:16] if potential is dao_p else few[:4]
        relax_batched(part[:1], potential)  # the first call allocates
        batched = relax_batched(part, potential)
        for calculator_name, make in calculators.items():
            ase = relax_one_by_one(part, make())
            rows.append(compare(potential.level, calculator_name, part, batched, ase))
    return rows


def _chgnet_calculator() -> Calculator:
    dynamics = importlib.import_module("chgnet.model.dynamics")
    with contextlib.redirect_stdout(io.StringIO()):  # it announces itself where --json must not
        return dynamics.CHGNetCalculator(use_device="cpu")


def main() -> None:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within a minute on two cores")
    parser.add_argument("--json", action="store_true", help="print one object with a list 'rows'")
    parser.add_argument("--potential", nargs="+", choices=POTENTIALS, default=POTENTIALS)
    arguments = parser.parse_args()
    rows = [asdict(row) for row in measure(arguments.potential, quick=arguments.quick)]
    result = {"benchmark": "relaxation", "threads": torch.get_num_threads(), "rows": rows}
    show(result, as_json=arguments.json)


if __name__ == "__main__":
    main()
