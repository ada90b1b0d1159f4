"""Training throughput: by size and precision, and how it scales with atoms and with the batch.

    python benchmarks/training.py [--quick] [--json]

One row per training step (forward, backward, optimiser) of random crystals, all of N atoms, best of
some repeats; CPU seconds on one thread without a GPU, wall-clock seconds on one. `sweep` says what
varies: `size` and precision at 20 atoms (`+compile`: by torch.compile, left out of quick runs),
`atoms` at a constant number of atoms per batch, `batch` at 20 atoms. `growth` is the time per atom
over that of the first row of the sweep with the same model and precision.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import torch
from printing import show

from dao_core.crysformer.config import named_config
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.velocity import VelocityNetwork
from dao_core.predictor.config import named_config as predictor_config
from dao_core.predictor.energy_model import EnergyModel
from dao_core.training.muon import MuonAdamW

ATOMS = (10, 20, 52, 100, 200)
BATCHES = (1, 4, 16, 64)
VOLUME_PER_ATOM = 15.0


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    sweep: str
    model: str
    size: str
    precision: str
    n: int
    batch: int
    seconds_per_step: float
    crystals_per_second: float
    atoms_per_second: float
    growth: float


@dataclass(frozen=True)
class Case:
    """What one row measures."""

    sweep: str
    model: str
    size: str
    precision: str
    n: int
    batch: int


def cases(*, quick: bool) -> Iterator[Case]:
    """All rows; a quick run leaves out what is slow on two cores."""
    sizes = ("mini",) if quick else ("mini", "base")
    for size in sizes:
        for precision in ("fp32", "bf16"):
            yield Case("size", "dao-g", size, precision, 20, 8 if quick else 32)
    if not quick:
        yield Case("size", "dao-g", "mini", "bf16+compile", 20, 32)
    for size in ("mini-physical",) if quick else ("mini-physical", "base-physical"):
        yield Case("size", "dao-p", size, "fp32", 20, 2 if quick else 4)
    atoms = 200 if quick else 400
    for n in ATOMS:
        yield Case("atoms", "dao-g", "mini", "bf16", n, atoms // n)
    for batch in BATCHES[:3] if quick else BATCHES:
        yield Case("batch", "dao-g", "mini", "bf16", 20, batch)


def measure(*, quick: bool, device: str) -> list[Row]:
    """Every case in turn."""
    rows: list[Row] = []
    for case in cases(quick=quick):
        seconds = _seconds_per_step(case, device, repeats=2 if quick else 5)
        per_atom = seconds / (case.n * case.batch)
        first = next(
            (
                1 / row.atoms_per_second
                for row in rows
                if (row.sweep, row.model, row.size, row.precision)
                == (case.sweep, case.model, case.size, case.precision)
            ),
            per_atom,
        )
        rows.append(
            Row(
                **asdict(case),
                seconds_per_step=seconds,
                crystals_per_second=case.batch / seconds,
                atoms_per_second=1 / per_atom,
                growth=per_atom / first,
            )
        )
    return rows


def _seconds_per_step(case: Case, device: str, repeats: int) -> float:
    torch.manual_seed(0)
    step = (_generator_step if case.model == "dao-g" else _predictor_step)(case, device)
    step()
    best = float("inf")
    clock = time.process_time if device == "cpu" else _cuda_clock
    for _ in range(repeats):
        start = clock()
        step()
        best = min(best, clock() - start)
    return best


def _generator_step(case: Case, device: str) -> Callable[[], None]:
    network = VelocityNetwork(named_config(case.size)).to(device)
    optimizer = MuonAdamW(network, 1e-4, 0.01)
    batch = _crystals(case).to(device)
    narrow = case.precision.startswith("bf16")
    called = torch.compile(network) if case.precision.endswith("+compile") else network

    def step() -> None:
        with torch.autocast(device, dtype=torch.bfloat16, enabled=narrow):
            loss = flow_matching_loss(called, batch).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _predictor_step(case: Case, device: str) -> Callable[[], None]:
    model = EnergyModel(predictor_config(case.size)).to(device)
    trained = [p for name, p in model.named_parameters() if not name.startswith("doubt.")]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    batch = _crystals(case).to(device)

    def step() -> None:
        terms = model(batch, differentiable=True)
        loss = terms.energy.square().mean() + terms.forces.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _crystals(case: Case) -> CrystalBatch:
    """Random atoms on a jittered grid, so that none coincide."""
    shape = (case.batch, case.n)
    edge = (VOLUME_PER_ATOM * case.n) ** (1 / 3)
    side = 1 + int((case.n - 1) ** (1 / 3))
    grid = torch.cartesian_prod(*[torch.arange(side + 1)] * 3)[: case.n] / (side + 1)
    frac_coords = (grid + 0.1 / side * torch.rand(*shape, 3)) % 1.0
    lattice = edge * torch.eye(3).expand(case.batch, 3, 3) + 0.2 * torch.rand(case.batch, 3, 3)
    numbers = torch.randint(3, 80, shape)
    return CrystalBatch(numbers, frac_coords, lattice, numbers > 0)


def _cuda_clock() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small batches, no base size")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = measure(quick=arguments.quick, device=device)
    listed = [asdict(row) for row in rows]
    result = {"benchmark": "training", "device": device, "rows": listed}
    show(result, as_json=arguments.json)


if __name__ == "__main__":
    main()
