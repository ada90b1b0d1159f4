"""What each part brings: memory, slope, steps, guidance, ranking, heads, symmetry, relaxation.

    python benchmarks/ablation.py SET [--model FILE] [--other NAME=FILE] [--guidance FILE]
                                      [--quick] [--json]

One thing at a time is changed against the settings that are used (50 steps, slope 5, prototypes, no
guidance, the mean of all heads of DAO-P). What changes the network or its steps is tried from noise
alone, because the memory hides it; so are other models in the place of the generator. Ranking,
symmetrisation and relaxation show in every run: ``first`` is one sample as it is, then come the
lowest-energy sample of K as generated, symmetrised, and relaxed. All runs see the same references,
and noise from the same seeds; the spread is over seeds. A killed run goes on with the same --out.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from printing import show

from dao_core.evaluation.sampling import GeneratorSampler
from dao_core.evaluation.sets import BenchmarkSet, read_set
from dao_core.evaluation.structure_benchmark import (
    BenchmarkSettings,
    StructureRun,
    run_structure_benchmark,
)
from dao_core.evaluation.structure_summary import stage_figures
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.samplers import FlowSampler
from dao_core.potentials import Potential, load_potential
from dao_core.predictor import PredictorPotential
from dao_core.predictor.guidance import load_noisy_energy

SLOPES = (0.0, 10.0)
STEPS = (10, 25)
WEIGHTS = (1.0, 5.0, 20.0)
FROM_NOISE = "from noise"


@dataclass(frozen=True)
class Variant:
    """One line of the comparison.

    Attributes:
        name: what is changed.
        sampler: makes the samples.
        potential: ranks and relaxes them.
    """

    name: str
    sampler: GeneratorSampler
    potential: Potential


def main() -> None:
    """Run every variant and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", type=Path, help="as for dao benchmark")
    parser.add_argument("--model", default="dao-g")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--other", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--guidance", type=Path, help="a predictor trained on noisy crystals")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--atoms", type=int, nargs=2, default=(1, 20))
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--relax", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("ablation"))
    parser.add_argument("--quick", action="store_true", help="six small crystals, two variants")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    limit, atoms = (6, (1, 6)) if arguments.quick else (arguments.limit, tuple(arguments.atoms))
    benchmark = read_set(arguments.set).chosen(limit, atoms)
    settings = BenchmarkSettings(arguments.samples, tuple(arguments.seeds), arguments.relax)
    potential = load_potential(arguments.potential)
    others = dict(word.split("=", 1) for word in arguments.other)
    tried = list(variants(arguments.model, potential, quick=arguments.quick))
    if not arguments.quick:
        tried += guided(arguments.model, arguments.guidance, potential)
        tried += other_models(others, potential)
    rows = [row for one in tried for row in _rows(one, benchmark, settings, arguments.out)]
    result = {
        "benchmark": "ablation",
        "set": benchmark.name,
        "set_hash": benchmark.set_hash,
        "n": len(benchmark.references),
        "seeds": arguments.seeds,
        "note": f"{arguments.samples} samples, {arguments.relax} relaxed, level {potential.level}",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def variants(model: str, potential: Potential, *, quick: bool) -> Iterator[Variant]:
    """The settings in use, then each with one thing changed."""
    yield Variant("as used", GeneratorSampler(load_generator(model)), potential)
    noise = GeneratorSampler(load_generator(model), prototypes=False)
    yield Variant(FROM_NOISE, noise, potential)
    if quick:
        return
    for slope in SLOPES:
        generator = load_generator(model)
        if isinstance(generator.sampler, FlowSampler):  # diffusion has none
            generator.sampler.slope = slope
            sampler = GeneratorSampler(generator, prototypes=False)
            yield Variant(f"{FROM_NOISE}, slope {slope:g}", sampler, potential)
    for steps in STEPS:
        sampler = GeneratorSampler(load_generator(model), steps, prototypes=False)
        yield Variant(f"{FROM_NOISE}, {steps} steps", sampler, potential)
    if isinstance(potential, PredictorPotential):
        sampler = GeneratorSampler(load_generator(model))
        yield Variant("one head of DAO-P", sampler, one_head(potential, 0))


def guided(model: str, guidance: Path | None, potential: Potential) -> Iterator[Variant]:
    """Guidance of several weights, from noise."""
    if guidance is None:
        return
    predictor = load_noisy_energy(guidance)
    for weight in WEIGHTS:
        chosen = Guidance(predictor, weight)
        sampler = GeneratorSampler(load_generator(model), guidance=chosen, prototypes=False)
        yield Variant(f"{FROM_NOISE}, guidance {weight:g}", sampler, potential)


def other_models(files: Mapping[str, str], potential: Potential) -> Iterator[Variant]:
    """Other networks, such as one before and one after the second stage of training."""
    for name, file in files.items():
        sampler = GeneratorSampler(load_generator(file), prototypes=False)
        yield Variant(f"{FROM_NOISE}, {name}", sampler, potential)


def one_head(potential: PredictorPotential, head: int) -> PredictorPotential:
    """The same predictor with one of its energy heads in the place of all."""
    alone = copy.copy(potential)
    alone.model = copy.deepcopy(potential.model)
    alone.level = f"{potential.level}-head-{head}"
    members, width = alone.model.outputs.shape
    with torch.no_grad():
        for parameter in (alone.model.hidden.weight, alone.model.hidden.bias):
            own = parameter.unflatten(0, (members, width))[head]
            parameter.copy_(own.repeat(members, *[1] * (own.dim() - 1)))
        alone.model.outputs.copy_(alone.model.outputs[head].expand(members, width).clone())
    return alone


def _rows(
    variant: Variant, benchmark: BenchmarkSet, settings: BenchmarkSettings, out: Path
) -> list[dict[str, Any]]:
    name = variant.name
    run = run_structure_benchmark(benchmark, variant.sampler, variant.potential, settings, out)
    first = stage_figures(run, "generated", settings)["first"]
    count = len(benchmark.references) * len(settings.seeds) * settings.k
    rows = [_row(name, "first", first, "match_rate", "strict_rate", run, count)]
    for stage in run.stages:
        figures = stage_figures(run, stage, settings)["all"]
        label = f"ranked, {stage.replace('_', ', ')}"
        columns = ("ranked_match_rate", "ranked_strict_rate")
        rows.append(_row(name, label, figures, *columns, run, count))
    return rows


def _row(
    name: str,
    sample: str,
    figures: dict[str, tuple[float, float]],
    match: str,
    strict: str,
    run: StructureRun,
    count: int,
) -> dict[str, Any]:
    missing = (None, None)
    return {
        "variant": name,
        "sample": sample,
        "match": figures.get(match, missing)[0],
        "± seeds": figures.get(match, missing)[1],
        "strict": figures.get(strict, missing)[0],
        "METRe": figures.get("metre", missing)[0],
        "RMSE": figures.get("rmse", missing)[0],
        "s per sample": run.seconds["generate"] / count,
    }


if __name__ == "__main__":
    main()
