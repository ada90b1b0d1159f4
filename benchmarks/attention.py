"""Crysformer, 25 M parameters: factorised attention against one edge vector per pair.

    python benchmarks/attention.py [--quick] [--json] [--n 52 100]

Both networks hold the same weights and see the same crystals, about 200 atoms a batch. The per-edge
network (``per_edge.py``) is the published one, with queries, keys and values projected per atom
where the released code projects them per edge, which makes it about twice as fast.

Times are CPU seconds of one thread, per-edge and factorised in turn, the best of a few, so that
other programs on the machine weigh little. Each size runs in two processes of its own, one that
only infers and one that only trains: the heap that a backward pass leaves behind would spare later
forward passes their page faults, as it does in no program that only samples. Memory is the peak of
all tensors allocated during a pass above what stood before it (weights and their gradients), from
torch's allocator. Backward passes give the gradients of all weights.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import accumulate

import torch
from per_edge import PerEdgeCrysformer
from printing import show
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crysformer.published.released_layout import from_released

SIZES = (10, 20, 52, 100, 200)
ATOMS_PER_BATCH = 200
QUICK_SIZES = (10, 20, 52, 100)
"""Per-edge, 200 atoms take a minute by themselves."""

Heads = tuple[Tensor, Tensor, Tensor]
Pass = Callable[[], Heads]


@dataclass(frozen=True)
class Row:
    """One line of the table; ratios are per-edge over factorised.

    Attributes:
        n: atoms per crystal.
        batch: crystals.
        forward_ratio: of CPU times without gradients.
        forward_backward_ratio: of CPU times with the gradients of all weights.
        memory_ratio: of peak memories of forward and backward.
        forward_memory_ratio: of peak memories without gradients.
        relative_error: largest difference of scores, lattice noise or energy, over the largest
            value of that head.
        forward_ms: factorised; likewise the rest.
        memory_mb: factorised, forward and backward.
    """

    n: int
    batch: int
    forward_ratio: float
    forward_backward_ratio: float
    memory_ratio: float
    forward_memory_ratio: float
    relative_error: float
    forward_ms: float
    per_edge_forward_ms: float
    forward_backward_ms: float
    per_edge_forward_backward_ms: float
    memory_mb: float
    per_edge_memory_mb: float


@dataclass(frozen=True)
class Comparison:
    """Per-edge and factorised, in this order: CPU seconds, peak bytes, and their difference."""

    seconds: list[float]
    peaks: list[int]
    relative_error: float


def compare(n: int, repeats: int, backward: bool) -> Comparison:
    """Both networks on crystals of ``n`` atoms, forward alone or forward and backward."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = PUBLISHED_CONFIGS["base"]
    per_edge = PerEdgeCrysformer(**asdict(config))
    factorised = PublishedCrysformer(config)
    factorised.load_state_dict(from_released(per_edge.state_dict(), config))
    inputs = _crystals(max(1, round(ATOMS_PER_BATCH / n)), n)
    for parameter in (*per_edge.parameters(), *factorised.parameters()):
        parameter.grad = torch.zeros_like(parameter) if backward else None
    make = _forward_backward if backward else _forward
    runs = [make(network, inputs) for network in (per_edge, factorised)]
    (expected, per_edge_peak), (actual, peak) = (_peak(run) for run in runs)
    return Comparison(
        _best_in_turn(runs, repeats), [per_edge_peak, peak], _relative_error(actual, expected)
    )


def row(n: int, forward: Comparison, backward: Comparison) -> Row:
    """One line from the two processes' comparisons."""
    return Row(
        n=n,
        batch=max(1, round(ATOMS_PER_BATCH / n)),
        forward_ratio=forward.seconds[0] / forward.seconds[1],
        forward_backward_ratio=backward.seconds[0] / backward.seconds[1],
        memory_ratio=backward.peaks[0] / backward.peaks[1],
        forward_memory_ratio=forward.peaks[0] / forward.peaks[1],
        relative_error=max(forward.relative_error, backward.relative_error),
        forward_ms=1e3 * forward.seconds[1],
        per_edge_forward_ms=1e3 * forward.seconds[0],
        forward_backward_ms=1e3 * backward.seconds[1],
        per_edge_forward_backward_ms=1e3 * backward.seconds[0],
        memory_mb=backward.peaks[1] / 1e6,
        per_edge_memory_mb=backward.peaks[0] / 1e6,
    )


def _crystals(batch: int, n: int) -> tuple[Tensor, ...]:
    return (
        torch.randint(1, 100, (batch, n)),
        torch.rand(batch, n, 3),
        5 * torch.eye(3) + torch.randn(batch, 3, 3),
        torch.ones(batch, n, dtype=torch.bool),
        torch.randint(0, 1001, (batch,)),
    )


def _heads(output: object) -> Heads:
    """Coordinates, lattice and energy, whichever network spoke."""
    if isinstance(output, tuple):
        return output[:3]
    return output.coordinates, output.lattice, output.energy


def _forward(network: nn.Module, inputs: tuple[Tensor, ...]) -> Pass:
    def run() -> Heads:
        with torch.no_grad():
            return _heads(network(*inputs))

    return run


def _forward_backward(network: nn.Module, inputs: tuple[Tensor, ...]) -> Pass:
    def run() -> Heads:
        heads = _heads(network(*inputs))
        sum(head.square().sum() for head in heads).backward()
        return tuple(head.detach() for head in heads)

    return run


def _peak(run: Pass) -> tuple[Heads, int]:
    """What ``run`` returns, and the most bytes its tensors held at one time."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        heads = run()
    events = profiler.profiler.kineto_results.events()
    changes = [event.nbytes() for event in events if event.name() == "[memory]"]
    return heads, max(accumulate(changes))


def _best_in_turn(runs: list[Pass], repeats: int) -> list[float]:
    """Least CPU seconds of each, after the warm-up that measuring memory was."""
    best = [float("inf")] * len(runs)
    for _ in range(repeats):
        for position, run in enumerate(runs):
            start = time.process_time()
            run()
            best[position] = min(best[position], time.process_time() - start)
    return best


def _relative_error(actual: Heads, expected: Heads) -> float:
    return max(
        float((mine - theirs).abs().max() / theirs.abs().max())
        for mine, theirs in zip(actual, expected, strict=True)
    )


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="n up to 100, one repeat, two at once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--n", type=int, nargs="+", help="atoms per crystal")
    arguments = parser.parse_args()
    sizes = arguments.n or (QUICK_SIZES if arguments.quick else SIZES)
    repeats = 1 if arguments.quick else 3
    spawn = multiprocessing.get_context("spawn")
    processes = 2 if arguments.quick else 1
    with ProcessPoolExecutor(processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        jobs = [
            [pool.submit(compare, n, repeats, backward) for backward in (False, True)]
            for n in sizes
        ]
        rows = [
            row(n, *(job.result() for job in pair)) for n, pair in zip(sizes, jobs, strict=True)
        ]
    listed = [asdict(line) for line in rows]
    show({"benchmark": "attention", "rows": listed}, as_json=arguments.json)


if __name__ == "__main__":
    main()
