"""Sampling: flow matching at a few steps against the published 1000-step predictor-corrector.

    python benchmarks/sampling.py [--quick] [--json]

Both use the same Crysformer (`mini`) on the same compositions in the same batch, one thread; time
does not depend on the weights, which are random. Times are CPU seconds. The predictor-corrector is
timed over part of its steps, spread over the whole schedule, and scaled to 1000: each step does the
same work (two network evaluations).

The second table is the shipped model for cells of ten atoms, by one thread and by all, on the
clock: it needs a quiet machine.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from printing import show
from pymatgen.core import Composition
from torch import Tensor

from dao_core.crysformer.config import CONFIGS
from dao_core.generator.diffusion_network import DenoisingNetwork
from dao_core.generator.diffusion_sampling import sample_diffusion
from dao_core.generator.diffusion_schedule import PUBLISHED_STEPS, diffusion_schedule
from dao_core.generator.generate import load_generator
from dao_core.generator.sampling import initial_noise, integrate_flow
from dao_core.generator.velocity import VelocityNetwork

FLOW_STEPS = (25, 50, 100)
TEN_ATOMS = (
    "Mg2Si2O6", "Ca2Ti2O6", "Al4O6", "Fe4O6", "Na2Nb2O6", "K2Zn2F6", "La2Co2O6", "Li2Ta2O6",
    "Ba2Cd2S6", "Cs2Sn2I6", "Ce4S6", "Ti2Ni8", "Zr4Al6", "Y2Co8", "Sr4N6", "Ga4Se6",
)  # fmt: skip
"""Cells of the shipped model's cost."""
NATOMS = (2, 4, 5, 8, 10, 12, 16, 20)
"""Cell sizes of a batch, over and over."""


@dataclass(frozen=True)
class Row:
    """One line of the table; ``ratio`` is structures per second over the predictor-corrector's."""

    method: str
    steps: int
    network_evaluations: int
    structures: int
    seconds: float
    structures_per_second: float
    ratio: float


def measure(structures: int, timed_steps: int, repeats: int) -> list[Row]:
    """Both ways of sampling on one batch, in turn; the best of ``repeats``."""
    torch.manual_seed(0)
    flow, denoiser = (kind(CONFIGS["mini"]).eval() for kind in (VelocityNetwork, DenoisingNetwork))
    sizes = [NATOMS[row % len(NATOMS)] for row in range(structures)]
    atomic_numbers = torch.zeros(structures, max(sizes), dtype=torch.long)
    for row, n in enumerate(sizes):
        atomic_numbers[row, :n] = torch.randint(1, 90, (n,))
    best: dict[int, float] = {}
    for _ in range(repeats):
        for steps in FLOW_STEPS:
            seconds = _flow_seconds(flow, atomic_numbers, sizes, steps)
            best[steps] = min(best.get(steps, seconds), seconds)
        seconds = _diffusion_seconds(denoiser, atomic_numbers, timed_steps)
        best[PUBLISHED_STEPS] = min(best.get(PUBLISHED_STEPS, seconds), seconds)
    slow = best[PUBLISHED_STEPS]
    return [
        Row(
            method="predictor-corrector" if steps == PUBLISHED_STEPS else "flow matching",
            steps=steps,
            network_evaluations=2 * steps if steps == PUBLISHED_STEPS else steps,
            structures=structures,
            seconds=seconds,
            structures_per_second=structures / seconds,
            ratio=slow / seconds,
        )
        for steps, seconds in best.items()
    ]


def _flow_seconds(
    network: VelocityNetwork, atomic_numbers: Tensor, sizes: list[int], steps: int
) -> float:
    start = time.process_time()
    frac_coords, stretch = initial_noise(sizes, range(len(sizes)))
    integrate_flow(network, atomic_numbers, frac_coords, stretch, steps)
    return time.process_time() - start


def _diffusion_seconds(
    network: DenoisingNetwork, atomic_numbers: Tensor, timed_steps: int
) -> float:
    """CPU seconds of the published number of steps, from ``timed_steps`` of them."""
    schedule = diffusion_schedule(timed_steps)
    start = time.process_time()
    sample_diffusion(network, atomic_numbers, range(len(atomic_numbers)), schedule)
    return (time.process_time() - start) * PUBLISHED_STEPS / timed_steps


def shipped_cost(samples: int, repeats: int) -> list[dict[str, Any]]:
    """What a sample of the shipped DAO-G costs for cells of ten atoms, composition to crystal.

    Args:
        samples: of each formula.
        repeats: the best of so many counts.
    """
    compositions = [Composition(formula) for formula in TEN_ATOMS]
    generator = load_generator()
    n = samples * len(compositions)
    rows = []
    for threads, prototypes in itertools.product((1, os.cpu_count() or 1), (True, False)):
        torch.set_num_threads(threads)
        took: list[tuple[float, float]] = []
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            list(generator.generate(compositions, samples, prototypes=prototypes))
            took.append((time.perf_counter() - wall, time.process_time() - cpu))
        wall, cpu = min(took)
        rows.append(
            {
                "model": f"dao-g {generator.checkpoint_hash}",
                "starts": "prototypes and noise" if prototypes else "noise",
                "threads": threads,
                "structures": n,
                "ms per structure": round(1000 * wall / n, 2),
                "CPU ms per structure": round(1000 * cpu / n, 2),
            }
        )
    return rows


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small batch, once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    structures, timed_steps, repeats = (16, 25, 1) if arguments.quick else (64, 100, 3)
    rows = measure(structures, timed_steps, repeats)
    listed = [asdict(row) for row in rows]
    listed += shipped_cost(1, 1) if arguments.quick else shipped_cost(8, 3)
    show({"benchmark": "sampling", "rows": listed}, as_json=arguments.json)


if __name__ == "__main__":
    main()
