"""Ten minutes of one large GPU: DAO-G trained by the clock, and the device against the CPU.

    python benchmarks/gpu.py RECORDS... --out DIR [--minutes 7.5] [--atoms 16384] [--max-atoms 20]

Trains first and writes ``dao-g.safetensors`` into DIR every two minutes, so that a run that is cut
off leaves weights; then the Crysformer against its published form with one vector for each pair
(forward, backward, peak memory), sampling and batched relaxation per second, each on the device and
on the CPU in this run. ``result.json`` in DIR holds all of it. On a machine without a GPU the same
is done on the CPU, to try it: with ``--minutes 0.2 --atoms 1024``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from per_edge import PerEdgeCrysformer
from pymatgen.core import Composition
from torch import nn

from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings, relax
from dao_core.training.by_the_clock.generator import train_generator_by_the_clock
from dao_core.training.by_the_clock.loop import ClockSettings
from dao_core.training.records import read_crystals

FORMULAS = ("Ca2Ti2O6", "Li4P2O4", "Fe6N4", "Mg4Si2O4")
PAIR_ATOMS = 20


def trained(arguments: argparse.Namespace, device: str) -> dict[str, Any]:
    """DAO-G by the clock, and how fast it learned."""
    crystals = read_crystals(arguments.records, arguments.max_atoms).crystals
    settings = ClockSettings(minutes=arguments.minutes, narrow=True)
    path, progress = train_generator_by_the_clock(
        crystals, arguments.out, settings, arguments.atoms, device
    )
    return {
        "train_crystals": len(crystals),
        "model": path.name,
        **asdict(progress),
        "crystals_per_second": progress.crystals / progress.seconds,
    }


def forms(device: str, batch: int) -> list[dict[str, Any]]:
    """Milliseconds and peak megabytes of a pass of both forms of the network, base size."""
    config = PUBLISHED_CONFIGS["base"]
    inputs = [
        torch.randint(1, 100, (batch, PAIR_ATOMS), device=device),
        torch.rand(batch, PAIR_ATOMS, 3, device=device),
        5 * torch.eye(3, device=device) + torch.randn(batch, 3, 3, device=device),
        torch.ones(batch, PAIR_ATOMS, dtype=torch.bool, device=device),
        torch.randint(0, 1001, (batch,), device=device),
    ]
    networks: dict[str, nn.Module] = {
        "per edge": PerEdgeCrysformer(**asdict(config)).to(device),
        "factorised": PublishedCrysformer(config).to(device),
    }
    rows = []
    for name, network in networks.items():

        def forward(network: nn.Module = network) -> None:
            with torch.no_grad():
                network(*inputs)

        def backward(network: nn.Module = network) -> None:
            output = network(*inputs)
            heads = output if isinstance(output, tuple) else (output.coordinates, output.lattice)
            sum(head.square().sum() for head in heads[:2]).backward()

        _forget_peak(device)
        rows.append(
            {
                "form": name,
                "batch": batch,
                "atoms": PAIR_ATOMS,
                "forward_ms": 1e3 * seconds_of(forward, device),
                "forward_backward_ms": 1e3 * seconds_of(backward, device),
                "peak_mb": _peak(device),
            }
        )
    return rows


def sampled(device: str, n: int) -> dict[str, Any]:
    """Samples of ten atoms from noise per second."""
    generator = load_generator("dao-g", device)
    compositions = [Composition(formula) for formula in FORMULAS]
    each = max(1, n // len(FORMULAS))

    def sample() -> None:
        list(generator.generate(compositions, each, prototypes=False, batch_size=n))

    count = each * len(FORMULAS)
    return {"device": device, "samples": count, "per_second": count / seconds_of(sample, device, 2)}


def relaxed(device: str, n: int) -> dict[str, Any]:
    """Relaxations by DAO-P per second, of crystals from the memory."""
    each = max(1, n // len(FORMULAS))
    compositions = [Composition(formula) for formula in FORMULAS]
    made = load_generator("dao-g", "cpu").generate(compositions, each, seed=1)
    structures = [one.structure for one in made]
    potential = load_potential("dao-p", device=device)
    began = time.perf_counter()
    relax(structures, potential, RelaxSettings())
    seconds = time.perf_counter() - began
    return {
        "device": device,
        "relaxations": len(structures),
        "per_second": len(structures) / seconds,
    }


def seconds_of(run: Callable[[], None], device: str, repeats: int = 3) -> float:
    """Least wall-clock seconds of a run, after one that warms up."""
    best = float("inf")
    for repeat in range(repeats + 1):
        _wait(device)
        began = time.perf_counter()
        run()
        _wait(device)
        if repeat:
            best = min(best, time.perf_counter() - began)
    return best


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def _forget_peak(device: str) -> None:
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()


def _peak(device: str) -> float | None:
    return torch.cuda.max_memory_allocated() / 1e6 if device != "cpu" else None


def main() -> None:
    """Train, compare, and keep everything as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path, nargs="+", help="record files to learn from")
    parser.add_argument("--out", type=Path, required=True, help="folder of weights and figures")
    parser.add_argument("--minutes", type=float, default=7.5, help="of training")
    parser.add_argument("--atoms", type=int, default=16384, help="padded atoms of a batch")
    parser.add_argument("--max-atoms", type=int, default=20, help="larger crystals are left out")
    parser.add_argument("--crystals", type=int, default=512, help="crystals of each comparison")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    arguments.out.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"benchmark": "gpu", "device": device}
    n = arguments.crystals
    amounts = {"cpu": max(4, n // 16), device: n}  # the CPU is given less to do
    parts: dict[str, Callable[[], Any]] = {
        "training": lambda: trained(arguments, device),
        "forms": lambda: forms(device, max(1, n // 8)),
        "sampling": lambda: [sampled(*one) for one in amounts.items()],
        "relaxation": lambda: [relaxed(*one) for one in amounts.items()],
    }
    for name, part in parts.items():
        result[name] = part()
        (arguments.out / "result.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
